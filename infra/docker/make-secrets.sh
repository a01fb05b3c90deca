#!/bin/sh
# Writes the secrets that docker-compose.yml mounts, once; what is there is kept. They lie in .flotilla/secrets, which git and
# the image leave out. Give a real key as ANTHROPIC_API_KEY, or write it into the file afterwards.
set -eu
cd "$(dirname "$0")/../.."
folder=.flotilla/secrets
umask 077
mkdir -p "$folder"
chmod 700 "$folder"

keep_or_write() {
  [ -s "$folder/$1" ] || printf '%s' "$2" >"$folder/$1"
  # Readable to the users of the containers; the folder keeps everybody else of this machine out.
  chmod 644 "$folder/$1"
}
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

keep_or_write anthropic-api-key "${ANTHROPIC_API_KEY:-sk-ant-simulated}"
keep_or_write console-token "$(random)"
keep_or_write redis-password "$(random)"
keep_or_write redis-url "redis://default:$(cat "$folder/redis-password")@redis:6379"
echo "$folder: $(ls "$folder" | tr '\n' ' ')"
