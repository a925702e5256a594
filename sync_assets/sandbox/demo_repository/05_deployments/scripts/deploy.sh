#!/usr/bin/env bash
# Deploy an image, or go back to the one before: deploy.sh staging|production|rollback
set -euo pipefail

target="${1:?usage: deploy.sh staging|production|rollback}"
image="registry.acme.example/storefront:${GIT_COMMIT:-latest}"

start_one_copy() {
  local zone="$1"
  echo "Starting ${image} in ${zone}"
  shopctl start --zone "${zone}" --image "${image}" --wait-healthy 90
}

watch_error_rate() {
  # Ten minutes with fewer than 1 % failed requests, or the script ends here.
  shopctl watch --metric http_errors_percent --below 1 --minutes 10
}

case "${target}" in
  staging)
    start_one_copy staging
    ;;
  production)
    start_one_copy zone-a
    watch_error_rate
    start_one_copy zone-b
    start_one_copy zone-c
    ;;
  rollback)
    image="$(shopctl previous-image)"
    for zone in zone-a zone-b zone-c; do start_one_copy "${zone}"; done
    ;;
esac
