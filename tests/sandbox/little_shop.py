"""A shop of one page that mounts the Payment Element, under a content policy as strict as a real shop's."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from string import Template

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Little shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/shop.css">
<script src="{stripe}/js/stripe.js"></script>
<script src="/shop.js" defer></script></head><body><main><h1>Little shop</h1><div id="card"></div>
<button id="pay" disabled>Pay</button><p id="outcome" role="status"></p></main></body></html>"""

# As many sites do it: every margin is reset, a dialog's among them; and both colour schemes are served.
STYLE = ":root { color-scheme: light dark; } * { margin: 0; } main { padding: 1rem; }"

# The secret and the verb come from the address, as a real shop would have them from its server.
SCRIPT = Template("""
const given = new URLSearchParams(location.search);
const secret = given.get("secret"), saving = secret.startsWith("seti_");
const stripe = Stripe("$key");
const offer = given.has("amount")
  ? { mode: "payment", amount: Number(given.get("amount")), currency: "usd" }
  : { clientSecret: secret };
const elements = stripe.elements(offer);
const card = elements.create("payment");
const button = document.getElementById("pay"), outcome = document.getElementById("outcome");
const say = (text) => { outcome.textContent = text; };
card.on("ready", () => { button.disabled = false; });
card.on("loaderror", ({ error }) => say("loaderror " + error.message));
card.on("change", ({ complete }) => { document.body.dataset.complete = complete; });
card.mount("#card");
button.addEventListener("click", async () => {
  say("");
  const { error: unfinished } = await elements.submit();
  if (unfinished) return say(unfinished.code);
  const redirect = given.get("redirect") || "if_required";
  const confirmParams = { return_url: location.origin + "/bought" };
  const order = { elements, clientSecret: secret, confirmParams, redirect };
  const answer = await (saving ? stripe.confirmSetup(order) : stripe.confirmPayment(order));
  const { error, paymentIntent, setupIntent } = answer;
  if (error) return say([error.type, error.code, error.decline_code].filter(Boolean).join(" "));
  say((paymentIntent ?? setupIntent).status);
});
window.stripe = stripe;
""")


class LittleShop:
    """`url` is another origin than the sandbox's. Closed by its owner."""

    def __init__(self, sandbox_url: str, *, key: str = "pk_test_sandbox") -> None:
        page, script = PAGE.format(stripe=sandbox_url), SCRIPT.substitute(key=key)
        policy = (
            f"default-src 'none'; script-src 'self' {sandbox_url}; frame-src {sandbox_url}; connect-src {sandbox_url}; "
            "style-src 'self'; base-uri 'none'; form-action 'self'"
        )

        class Counter(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                html = "Bought." if self.path.startswith("/bought") else page
                files = {"/shop.js": ("text/javascript", script), "/shop.css": ("text/css", STYLE)}
                kind, body = files.get(self.path, ("text/html; charset=utf-8", html))
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
