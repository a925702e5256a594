/** The same checks as on the server, so that customers see a mistake while they type. */

export interface AddressForm {
  name: string;
  street: string;
  postcode: string;
  city: string;
  country: string;
}

const POSTCODE_PATTERNS: Record<string, RegExp> = {
  DE: /^\d{5}$/,
  AT: /^\d{4}$/,
  NL: /^\d{4} ?[A-Z]{2}$/,
  FR: /^\d{5}$/,
};

export function validateAddress(form: AddressForm): Partial<Record<keyof AddressForm, string>> {
  const errors: Partial<Record<keyof AddressForm, string>> = {};
  const pattern = POSTCODE_PATTERNS[form.country];
  if (pattern === undefined) {
    errors.country = "We do not deliver there yet.";
  } else if (!pattern.test(form.postcode.trim())) {
    errors.postcode = "This postcode does not look right.";
  }
  if (!/\d/.test(form.street)) {
    errors.street = "The house number seems to be missing.";
  }
  return errors;
}
