// @ts-check
/**
 * A stand-in for Stripe.js: the same names, promises and errors, served by the sandbox. No money moves. It is served as one
 * script made of three files, within one function: talk.js (the API and the bank), element.js (the fields), stripe.js.
 *
 * The card fields are an iframe of the sandbox's origin, so the shop's page never sees a card number, and the shop's
 * content policy needs this origin in script-src, frame-src and connect-src only.
 * https://docs.stripe.com/js
 *
 * @typedef {import("@stripe/stripe-js").StripeError} StripeError
 * @typedef {import("@stripe/stripe-js").PaymentIntent} PaymentIntent
 * @typedef {import("@stripe/stripe-js").SetupIntent} SetupIntent
 * @typedef {PaymentIntent | SetupIntent} Intent
 * @typedef {{ intent?: Intent, error?: StripeError }} Answer
 * @typedef {{ amount?: number, currency?: string, mode?: string, setupFutureUsage?: string | null, clientSecret?: string,
 *   appearance?: { theme?: string } }} Offer
 * @typedef {{ return_url?: string, payment_method?: string, payment_method_data?: { billing_details?: object } }} ConfirmParams
 * @typedef {(event: any) => void} Listener
 */
const script = /** @type {HTMLScriptElement} */ (document.currentScript);
const ORIGIN = new URL(script.src).origin;
const UNREACHABLE = "We are experiencing issues connecting to our payments provider. Please check your internet " +
  "connection and try again.";

/** What the shop's code must not do. Thrown, as Stripe.js does; what happens to a payment is returned. */
class IntegrationError extends Error {
  name = "IntegrationError";
}

/** @param {string} secret @returns {{ collection: string, id: string, noun: "paymentIntent" | "setupIntent" }} */
function read(secret) {
  const match = /^((pi|seti)_[A-Za-z0-9]+)_secret_[A-Za-z0-9]+$/.exec(secret);
  if (!match) throw new IntegrationError("Invalid value for clientSecret: it should be ${id}_secret_${secret}.");
  const paying = match[2] === "pi";
  return {
    collection: paying ? "payment_intents" : "setup_intents",
    id: match[1],
    noun: paying ? "paymentIntent" : "setupIntent",
  };
}

/** @param {Answer} answer @param {string} secret @returns {any} */
function spoken(answer, secret) {
  return answer.error ? { error: answer.error } : { [read(secret).noun]: answer.intent };
}

/** @param {string} address @param {RequestInit} [init] @returns {Promise<Answer>} */
async function ask(address, init) {
  try {
    const body = await (await fetch(`${ORIGIN}/v1/${address}`, init)).json();
    return body.error ? { error: body.error } : { intent: body };
  } catch {
    return { error: /** @type {StripeError} */ ({ type: "api_connection_error", message: UNREACHABLE }) };
  }
}

/** @param {string} key @param {string} secret @returns {Promise<Answer>} */
function retrieve(key, secret) {
  const { collection, id } = read(secret);
  return ask(`${collection}/${id}?${new URLSearchParams({ key, client_secret: secret })}`);
}

/** The error an intent remembers, with the intent inside, or the intent itself. @param {Answer} answer @returns {Answer} */
function settled({ intent, error }) {
  if (!intent || error) return { error };
  const paying = intent.object === "payment_intent";
  const last = paying ? /** @type {PaymentIntent} */ (intent).last_payment_error
    : /** @type {SetupIntent} */ (intent).last_setup_error;
  if (intent.status !== "requires_payment_method" || !last) return { intent };
  return { error: /** @type {any} */ ({ ...last, [paying ? "payment_intent" : "setup_intent"]: intent }) };
}

// Said in full, because a shop's stylesheet may have reset what browsers give a dialog. The wide shadow is its backdrop.
const QUESTION = {
  position: "fixed", inset: "0", margin: "auto", padding: "0", border: "0", borderRadius: "12px", overflow: "hidden",
  inlineSize: "min(30rem, 92vw)", blockSize: "fit-content", boxShadow: "0 0 0 100vmax rgb(0 0 0 / 50%)",
};

/** Show the bank's question in a dialog until it is answered; Escape is a refusal. @param {string} url */
function askBank(url) {
  const dialog = document.createElement("dialog");
  const frame = document.createElement("iframe");
  dialog.setAttribute("aria-label", "3D Secure authentication");
  Object.assign(dialog.style, QUESTION);
  const tall = window.innerWidth < 380 ? "24rem" : "21rem"; // the question's words take more lines where it is narrow
  Object.assign(frame.style, { display: "block", inlineSize: "100%", blockSize: `min(${tall}, 90vh)`, border: "0" });
  frame.title = "3D Secure authentication";
  frame.src = url;
  dialog.append(frame);
  document.body.append(dialog);
  dialog.showModal();
  frame.addEventListener("load", () => frame.focus(), { once: true });
  return new Promise((resolve) => {
    /** @param {MessageEvent} message */
    const hear = (message) => {
      if (message.origin === ORIGIN && message.source === frame.contentWindow && message.data === "authenticated") close();
    };
    const close = () => {
      window.removeEventListener("message", hear);
      dialog.close();
      dialog.remove();
      resolve(undefined);
    };
    window.addEventListener("message", hear);
    dialog.addEventListener("cancel", async (event) => {
      event.preventDefault();
      await fetch(url, { method: "POST", mode: "no-cors", body: new URLSearchParams({ fail: "yes" }) });
      close();
    });
  });
}

/** @param {string} key @param {string} secret @param {Answer} answer @returns {Promise<Answer>} */
async function nextAction(key, secret, { intent, error }) {
  if (error || intent?.status !== "requires_action") return settled({ intent, error });
  const action = /** @type {any} */ (intent.next_action);
  if (action.type === "redirect_to_url") {
    window.location.assign(action.redirect_to_url.url);
    return new Promise(() => {});
  }
  await askBank(action.use_stripe_sdk.stripe_js);
  return settled(await retrieve(key, secret));
}
