// @ts-check
// The Payment Element, and the Elements it belongs to. Part of the stand-in Stripe.js: see talk.js.

// As high as the card fields are before anything is wrong (sandbox.css), so that nothing jumps when they arrive; and as
// much wider than its place as the room for the fields' outlines takes, so that the fields are in line with the shop's.
const PLACE = {
  display: "block", border: "0", blockSize: "14rem", inlineSize: "calc(100% + .5rem)", maxInlineSize: "none",
  marginInline: "-.25rem",
};

/** The colours that fit the page around the fields: its own colour scheme, or else the theme it asks for. An iframe is
 *  transparent only if it and the page within have one scheme. @param {Element} spot @param {Offer} offer */
function scheme(spot, offer) {
  const around = getComputedStyle(spot).colorScheme;
  if (around && around !== "normal") return around;
  return offer.appearance?.theme === "night" ? "dark" : "light";
}

/** The Payment Element: an iframe with the card fields. Everything is said through one private port. */
class PaymentElement {
  /** @param {Offer} offer @param {() => Promise<Answer>} look */
  constructor(offer, look) {
    this.offer = offer;
    this.look = look;
    /** @type {Map<string, Set<Listener>>} */
    this.listeners = new Map();
    /** @type {Map<number, (answer: any) => void>} */
    this.waiting = new Map();
    this.sent = 0;
    this.frame = document.createElement("iframe");
    this.frame.title = "Secure payment input frame";
    this.frame.allow = "payment *";
    Object.assign(this.frame.style, PLACE);
    this.frame.addEventListener("load", () => this.meet());
  }

  /** @param {string | HTMLElement} place */
  mount(place) {
    const spot = typeof place === "string" ? document.querySelector(place) : place;
    if (!spot) throw new IntegrationError(`Invalid DOM element to mount the Element to: ${place}`);
    this.frame.style.colorScheme = scheme(spot, this.offer);
    this.frame.src = `${ORIGIN}/js/frame#${encodeURIComponent(this.frame.style.colorScheme)}`;
    spot.replaceChildren(this.frame);
  }

  async meet() {
    const channel = new MessageChannel();
    this.port = channel.port1;
    this.port.onmessage = ({ data }) => this.hear(data);
    this.frame.contentWindow?.postMessage("hello", ORIGIN, [channel.port2]);
    const { error, intent } = await this.look();
    const asked = this.offer.setupFutureUsage ?? /** @type {any} */ (intent)?.setup_future_usage;
    const saves = Boolean(asked) || this.offer.mode === "setup" || intent?.object === "setup_intent";
    await this.tell("describe", { saves });
    this.emit(error ? "loaderror" : "ready", error ? { error } : {});
  }

  /** @param {{ answer?: number, value?: unknown, event?: string, detail?: any }} told */
  hear({ answer, value, event, detail }) {
    if (answer !== undefined) this.waiting.get(answer)?.(value);
    else if (event === "height") this.frame.style.blockSize = `${detail}px`;
    else if (event) this.emit(event, detail);
  }

  /** @param {string} verb @param {object} [given] @returns {Promise<any>} */
  tell(verb, given) {
    if (!this.port) throw new IntegrationError("The Payment Element is not ready: wait for its ready event.");
    this.sent += 1;
    const number = this.sent;
    this.port.postMessage({ number, verb, given });
    return new Promise((resolve) => this.waiting.set(number, resolve));
  }

  /** @param {string} event @param {object} detail */
  emit(event, detail) {
    for (const listener of this.listeners.get(event) ?? []) listener({ elementType: "payment", ...detail });
  }

  /** @param {string} event @param {Listener} listener */
  on(event, listener) {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
    return this;
  }

  /** @param {string} event @param {Listener} [listener] */
  off(event, listener) {
    if (listener) this.listeners.get(event)?.delete(listener);
    else this.listeners.delete(event);
    return this;
  }

  /** @param {string} event @param {Listener} listener */
  once(event, listener) {
    /** @type {Listener} */
    const first = (detail) => {
      this.off(event, first);
      listener(detail);
    };
    return this.on(event, first);
  }

  unmount() {
    this.frame.remove();
    this.port = undefined;
  }

  destroy() {
    this.unmount();
    this.listeners.clear();
  }

  /** @param {object} _options @returns {any} */
  update(_options) {
    return this;
  }
  focus() {
    this.tell("focus");
  }
  blur() {
    this.tell("blur");
  }
  clear() {
    this.tell("clear");
  }
  /** @returns {any} */
  collapse() {
    return this;
  }
}

class Elements {
  /** @param {string} key @param {Offer} offer */
  constructor(key, offer) {
    this.key = key;
    this.offer = { ...offer };
    this.submitted = false;
  }

  /** @param {string} type @param {object} [_options] */
  create(type, _options) {
    if (type !== "payment") throw new IntegrationError(`The sandbox has the payment Element only, not ${type}.`);
    if (this.element) throw new IntegrationError("Can only create one Element of type payment.");
    this.element = new PaymentElement(this.offer, () => this.look());
    this.element.on("change", () => (this.submitted = false));
    return this.element;
  }

  /** The intent to be confirmed, if it is known yet; a client secret that leads nowhere is an error.
   *  @returns {Promise<Answer>} */
  async look() {
    return this.offer.clientSecret ? retrieve(this.key, this.offer.clientSecret) : {};
  }

  /** @param {string} type */
  getElement(type) {
    return type === "payment" ? (this.element ?? null) : null;
  }

  /** @param {Offer} changed */
  async update(changed) {
    Object.assign(this.offer, changed);
    if (this.element?.port) await this.element.tell("describe", { saves: Boolean(this.offer.setupFutureUsage) });
  }

  async fetchUpdates() {
    const { error } = await this.look();
    return error ? { error: { message: error.message ?? "", status: error.code } } : {};
  }

  async submit() {
    const error = await this.mounted().tell("check");
    this.submitted = !error;
    return error ? { error } : { selectedPaymentMethod: "card" };
  }

  mounted() {
    if (!this.element) throw new IntegrationError("Create and mount a Payment Element first.");
    return this.element;
  }

  /** The intent must be the one the buyer was shown. @param {string} secret @returns {Promise<Answer>} */
  async agreed(secret) {
    if (!this.submitted && !this.offer.clientSecret) {
      throw new IntegrationError("elements.submit() must be called before confirming.");
    }
    const found = await retrieve(this.key, secret);
    const intent = /** @type {any} */ (found.intent);
    if (!intent || this.offer.mode !== "payment") return found;
    const shown = [this.offer.amount, this.offer.currency, this.offer.setupFutureUsage ?? null];
    if (String(shown) === String([intent.amount, intent.currency, intent.setup_future_usage])) return found;
    const message = "The amount, currency or setupFutureUsage of Elements does not match the PaymentIntent.";
    return { error: /** @type {StripeError} */ ({ type: "invalid_request_error", message, payment_intent: intent }) };
  }
}
