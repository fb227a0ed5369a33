#!/bin/sh
# Run the triggers of Stripe's own command line tool against a sandbox of its own, and print what came of each.
#
#   sandbox/checks/stripe_cli.sh [trigger ...]
#
# The tool comes from npm (@stripe/cli brings a program for each platform) into .local/stripe-cli, and runs with a home
# directory of its own: a login of yours is neither used nor touched. Its fixtures still send payment_method_types, which
# the sandbox's API version refuses as Stripe does; so that parameter is removed, and a return address added.
#
# WEBHOOK_URL and WEBHOOK_SECRET lead the events to a shop, which then has to accept every one; PORT_OF_THE_SANDBOX lets it
# know beforehand where to ask.
# Exit code 1 when a trigger fails, its event does not come about, or the shop refuses one; 2 when the check cannot run.
set -u

VERSION=1.52.0
KEY=sk_test_sandbox_for_the_command_line_tool
EVENT_SECONDS=10
ALL="checkout.session.completed checkout.session.expired payment_intent.created payment_intent.succeeded
  payment_intent.payment_failed payment_intent.canceled charge.succeeded charge.failed charge.refunded
  charge.dispute.created customer.created customer.updated customer.subscription.created customer.subscription.updated
  customer.subscription.deleted invoice.created invoice.finalized invoice.paid invoice.payment_succeeded
  invoice.payment_failed setup_intent.created setup_intent.succeeded payment_method.attached
  billing_portal.session.created product.created price.created"

root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
tools=$root/.local/stripe-cli
stripe=$tools/node_modules/.bin/stripe
scratch=$(mktemp -d)
sandbox_pid=
failures=0
seen=0

finish() {
  [ -n "$sandbox_pid" ] && kill "$sandbox_pid" 2>/dev/null && wait "$sandbox_pid" 2>/dev/null
  rm -rf "$scratch"
}

give_up() {
  echo "$1" >&2
  exit 2
}

install_tool() {
  [ -x "$stripe" ] && [ "$(cat "$tools/version" 2>/dev/null)" = "$VERSION" ] && return
  command -v npm >/dev/null || give_up "npm is needed to install @stripe/cli $VERSION."
  mkdir -p "$tools"
  npm install --prefix "$tools" --no-audit --no-fund --ignore-scripts "@stripe/cli@$VERSION" >"$scratch/npm" 2>&1 ||
    give_up "@stripe/cli $VERSION could not be installed: $(cat "$scratch/npm")"
  echo "$VERSION" >"$tools/version"
}

start_sandbox() {
  port=${PORT_OF_THE_SANDBOX:-$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')}
  [ -n "$port" ] || give_up "There is no $python; make test sets it up."
  site=http://127.0.0.1:$port
  (
    cd "$root" || exit
    export SANDBOX_PORT="$port" SANDBOX_DATABASE="$scratch/sandbox.sqlite3" SANDBOX_MAIL_DIR="$scratch/mail"
    export SANDBOX_SECRET_KEY="$KEY" SANDBOX_WEBHOOK_SECRET="${WEBHOOK_SECRET:-whsec_sandbox}"
    if [ -n "${WEBHOOK_URL:-}" ]; then
      export SANDBOX_WEBHOOK_URL="$WEBHOOK_URL" SANDBOX_WEBHOOK_DELIVERY=auto
    else
      export SANDBOX_WEBHOOK_DELIVERY=drop
    fi
    exec "$python" -m sandbox
  ) >"$scratch/sandbox.log" 2>&1 &
  sandbox_pid=$!
  tries=0
  until curl --silent --fail --output "$scratch/health" "$site/healthz"; do
    tries=$((tries + 1))
    [ "$tries" -le 150 ] || give_up "The sandbox did not start: $(cat "$scratch/sandbox.log")"
    sleep 0.2
  done
}

# The types of the events since the last call, oldest first, on one line.
new_events() {
  curl --silent "$site/control/events?limit=1000" | "$python" -c '
import json, sys
types = [event["type"] for event in reversed(json.load(sys.stdin)["events"])][int(sys.argv[1]):]
print(" ".join(types))' "$seen"
}

# What the fixture of a trigger needs to be understood by this API version.
adapted() {
  case $1 in
    payment_intent.created) echo "--remove payment_intent:payment_method_types" ;;
    payment_intent.canceled) ;;
    setup_intent.created) echo "--remove setup_intent:payment_method_types" ;;
    payment_intent.* | charge.*)
      echo "--remove payment_intent:payment_method_types --add payment_intent:return_url=https://example.com/" ;;
    setup_intent.*)
      echo "--remove setup_intent:payment_method_types --add setup_intent:return_url=https://example.com/" ;;
  esac
}

run_trigger() {
  # shellcheck disable=SC2046  # the words are meant to be split
  HOME=$scratch XDG_CONFIG_HOME=$scratch STRIPE_CLI_TELEMETRY_OPTOUT=1 "$stripe" trigger "$1" \
    --api-base "$site" --api-key "$KEY" $(adapted "$1") >"$scratch/trigger" 2>&1
  grep -q '^Trigger succeeded' "$scratch/trigger"
}

# Some events come a moment later, a dispute for one.
await_event() {
  waited=0
  while :; do
    events=$(new_events)
    case " $events " in *" $1 "*) return 0 ;; esac
    waited=$((waited + 1))
    [ "$waited" -lt $((EVENT_SECONDS * 5)) ] || return 1
    sleep 0.2
  done
}

check() {
  outcome=ok
  why=
  if ! run_trigger "$1"; then
    outcome=FAILED
    why=$(grep -v -e '^Setting up' -e '^Running' -e '^Checking' -e '^$' "$scratch/trigger")
    events=$(new_events)
  elif ! await_event "$1"; then
    outcome=NO-EVENT
  fi
  [ "$outcome" = ok ] || failures=$((failures + 1))
  seen=$((seen + $(echo "$events" | wc -w)))
  printf '%-34s %-9s %s\n' "$1" "$outcome" "${why:-$events}"
}

check_deliveries() {
  [ -n "${WEBHOOK_URL:-}" ] || return 0
  left=$(curl --silent --header 'Content-Type: application/json' --data '{"seconds": 60}' "$site/control/wait")
  printf '%-34s %s\n' "The shop accepted every event:" "$left"
  [ "$left" = '{"undelivered": 0}' ] || failures=$((failures + 1))
}

trap finish EXIT
trap 'exit 130' INT TERM
install_tool
start_sandbox
printf '%-34s %-9s %s\n' trigger outcome events
for trigger in ${*:-$ALL}; do
  check "$trigger"
done
check_deliveries
[ "$failures" -eq 0 ]
