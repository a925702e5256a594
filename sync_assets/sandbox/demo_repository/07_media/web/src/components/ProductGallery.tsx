import { useState } from "react";

export interface GalleryImage {
  url: string;
  description: string;
}

/** Large pictures of a product; arrow keys turn the pages. */
export function ProductGallery({ images }: { images: GalleryImage[] }) {
  const [position, setPosition] = useState(0);
  const current = images[position];

  function turnPage(step: number) {
    setPosition((position + step + images.length) % images.length);
  }

  return (
    <figure
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key === "ArrowRight") turnPage(1);
        if (event.key === "ArrowLeft") turnPage(-1);
      }}
    >
      <img src={current.url} alt={current.description} />
      <figcaption>{current.description}</figcaption>
    </figure>
  );
}
