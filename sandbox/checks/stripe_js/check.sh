#!/bin/sh
# Hold the stand-in Stripe.js, and the way a shop calls it, against the types of npm's @stripe/stripe-js.
# Needs node, npm and a network the first time. Everything it installs stays in .local/stripe_js.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=${STRIPE_JS_CHECK_DIR:-$root/.local/stripe_js}

command -v npm >/dev/null || { echo "npm is not installed: nothing was checked." >&2; exit 2; }
mkdir -p "$work"
cd "$work"
test -f package.json || npm init --yes >/dev/null 2>&1
npm install --silent --no-audit --no-fund --ignore-scripts @stripe/stripe-js@10 typescript@5
scripts=$root/sandbox/static/stripe_js
cp "$scripts"/*.js "$here/usage.ts" .
# The parts are served as one script; for the compiler that script is a module, which exports the constructor.
cat talk.js element.js stripe.js | sed -e 's/^function Stripe(/export function Stripe(/' >stand_in.js
node_modules/.bin/tsc --noEmit --strict --checkJs --allowJs --target es2022 --module es2022 --moduleResolution bundler \
  --lib es2022,dom,dom.iterable --skipLibCheck stand_in.js frame.js bank.js usage.ts
echo "The stand-in fits @stripe/stripe-js $(node -p 'require("./node_modules/@stripe/stripe-js/package.json").version')."
