// The card form. The card's fields are Stripe's, in a frame of theirs; what became of a payment is what our own server
// says after asking Stripe. A declined card is followed by another one on the same payment, so nobody pays twice.
(() => {
  const form = document.querySelector("[data-card-form]");
  if (!form) return;

  const UNREACHABLE = "We cannot be reached at the moment. Check your connection; you were not charged.";
  const UNKNOWN = "We cannot say yet whether you have paid. Wait a moment, then press the button once more: " +
    "before anything is charged, we look.";
  const BROKEN = "The card form could not be loaded. Reload the page, or pay on Stripe's own page, below.";
  const { key, amount, currency, package: code, shown, create, confirm } = form.dataset;
  const button = form.querySelector("button");
  const words = button.textContent;
  const keep = form.elements.save_card;
  const alert = form.querySelector("[data-card-alert]");
  const other = document.querySelector("[data-card-other]");
  const status = form.querySelector("[data-card-status]");
  let busy = true;
  let unsure = ""; // the payment of which we do not know whether it was made

  const say = (sentence) => {
    alert.textContent = sentence;
    alert.hidden = !sentence;
    if (sentence) button.scrollIntoView({ block: "nearest" }); // the sentence stands right above it
  };

  const wait = (on, text = "") => {
    busy = on;
    button.setAttribute("aria-disabled", String(on));
    keep.disabled = on;
    button.textContent = text || words;
    status.textContent = text;
  };

  const fail = (sentence) => {
    wait(false);
    say(sentence);
  };

  const breakDown = () => {
    say(BROKEN);
    wait(true);
    button.textContent = words;
    other.open = true;
  };

  // Ask our server; a refusal becomes an Error with its sentence.
  const post = async (address, body) => {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      body: JSON.stringify(body),
    }).catch(() => { throw new Error(UNREACHABLE); });
    if (answer.status === 401 || answer.status === 403) {
      throw new Error("This page is too old. Reload it and sign in again; you were not charged.");
    }
    const said = await answer.json().catch(() => ({ error: UNREACHABLE }));
    if (!answer.ok) throw new Error(said.error);
    return said;
  };

  // True when the payment is over, for better or worse, and the buyer is on the way to its page.
  const left = (purchase) => {
    if (["created", "open", "expired"].includes(purchase.state)) return false;
    window.location.assign(purchase.url);
    return true;
  };

  const lookAt = async (payment) => {
    unsure = payment;
    const purchase = await post(confirm, { payment_intent: payment }).catch(() => { throw new Error(UNKNOWN); });
    unsure = "";
    return left(purchase);
  };

  const pay = async (stripe, elements) => {
    const { error: incomplete } = await elements.submit();
    if (incomplete) return fail(incomplete.message);
    if (unsure && await lookAt(unsure)) return undefined;
    const order = await post(create, { package: code, shown, save_card: keep.checked });
    if (left(order)) return undefined;
    unsure = order.payment_intent;
    const { error } = await stripe.confirmPayment({
      elements,
      clientSecret: order.client_secret,
      confirmParams: { return_url: order.return_url },
      redirect: "if_required",
    });
    if (await lookAt(order.payment_intent)) return undefined;
    return fail(error ? error.message : UNKNOWN);
  };

  const start = () => {
    form.hidden = other.open = false;
    keep.checked = false;
    if (!window.Stripe) return breakDown();
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    const stripe = window.Stripe(key);
    const elements = stripe.elements({
      mode: "payment", amount: Number(amount), currency, appearance: { theme: dark ? "night" : "stripe" },
    });
    const fields = elements.create("payment");
    fields.on("ready", () => wait(false));
    fields.on("loaderror", breakDown);
    fields.mount(form.querySelector("[data-card-fields]"));
    keep.addEventListener("change", () => elements.update({ setupFutureUsage: keep.checked ? "off_session" : null }));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (busy) return;
      say("");
      wait(true, "Paying...");
      pay(stripe, elements).catch((trouble) => fail(trouble.message));
    });
    // Back from the purchase's page, the browser may show this one as it was left.
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) {
        say("");
        wait(false);
      }
    });
    return undefined;
  };

  start();
})();
