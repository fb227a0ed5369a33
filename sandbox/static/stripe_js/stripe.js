// @ts-check
// The object the shop gets from Stripe(). Part of the stand-in Stripe.js: see talk.js.

/** @param {string} key @param {string} secret @param {ConfirmParams} params @returns {Promise<Answer>} */
function confirmSaved(key, secret, params) {
  const { collection, id } = read(secret);
  const body = new URLSearchParams({ key, client_secret: secret });
  if (params.payment_method) body.set("payment_method", params.payment_method);
  if (params.return_url) body.set("return_url", params.return_url);
  return ask(`${collection}/${id}/confirm`, { method: "POST", body });
}

/** @param {string} key @param {string} secret @param {Elements} elements @param {ConfirmParams} params @returns {Promise<Answer>} */
async function confirmTyped(key, secret, elements, params) {
  const element = elements.mounted();
  const error = await element.tell("check");
  if (error) return { error };
  const found = await elements.agreed(secret);
  if (found.error) return found;
  const { collection, id } = read(secret);
  return element.tell("confirm", { collection, id, key, secret, params });
}

/** @param {string} key @param {any} options @returns {Promise<any>} */
async function confirmIntent(key, options) {
  const { elements, confirmParams: params = {}, redirect = "always" } = options;
  const secret = options.clientSecret ?? elements?.offer.clientSecret ?? "";
  if (redirect === "always" && !params.return_url) {
    throw new IntegrationError("confirmParams.return_url is required unless redirect is if_required.");
  }
  const { noun, id } = read(secret);
  const typed = elements && !params.payment_method;
  const first = await (typed ? confirmTyped(key, secret, elements, params) : confirmSaved(key, secret, params));
  const answer = await nextAction(key, secret, first);
  if (answer.error || redirect === "if_required") return spoken(answer, secret);
  const back = new URL(params.return_url);
  const name = noun === "paymentIntent" ? "payment_intent" : "setup_intent";
  back.searchParams.set(name, id);
  back.searchParams.set(`${name}_client_secret`, secret);
  back.searchParams.set("redirect_status", "succeeded");
  window.location.assign(back);
  return new Promise(() => {});
}

/** @param {string} key @param {string} secret */
async function handleNextAction(key, secret) {
  const found = await retrieve(key, secret);
  if (!found.error && found.intent?.status !== "requires_action") {
    const message = `handleNextAction: the intent has the status ${found.intent?.status}, not requires_action.`;
    return { error: { type: "invalid_request_error", code: "payment_intent_unexpected_state", message } };
  }
  return spoken(await nextAction(key, secret, found), secret);
}

/** @param {string} key @param {object} [_options] */
function Stripe(key, _options) {
  if (!/^pk_test_/.test(key)) throw new IntegrationError("Stripe() takes a publishable key: pk_test_...");
  return {
    elements: (/** @type {Offer} */ offer = {}) => new Elements(key, offer),
    confirmPayment: (/** @type {object} */ options) => confirmIntent(key, options),
    confirmSetup: (/** @type {object} */ options) => confirmIntent(key, options),
    confirmCardPayment: (/** @type {string} */ clientSecret, /** @type {ConfirmParams} */ params = {}) =>
      confirmIntent(key, { clientSecret, confirmParams: params, redirect: "if_required" }),
    handleNextAction: (/** @type {{ clientSecret?: string, hashedValue?: string }} */ { clientSecret = "" }) =>
      handleNextAction(key, clientSecret),
    retrievePaymentIntent: async (/** @type {string} */ secret) => spoken(await retrieve(key, secret), secret),
    retrieveSetupIntent: async (/** @type {string} */ secret) => spoken(await retrieve(key, secret), secret),
  };
}
Stripe.version = "sandbox";

/** @type {any} */ (window).Stripe = Stripe;
