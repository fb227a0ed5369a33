/**
 * How a shop uses Stripe.js. It is compiled against the official types, so the calls are those of the real library;
 * `promised` then holds the stand-in itself against the same types.
 */
import type { PaymentIntent, SetupIntent, Stripe, StripeConstructor, StripeElements, StripeError } from "@stripe/stripe-js";

declare const Stripe: StripeConstructor;
declare const standIn: ReturnType<typeof import("./stand_in").Stripe>;

async function pay(clientSecret: string): Promise<PaymentIntent | StripeError> {
  const stripe: Stripe = Stripe("pk_test_sandbox");
  const elements: StripeElements = stripe.elements({
    mode: "payment", amount: 4900, currency: "usd", setupFutureUsage: "off_session",
  });
  const card = elements.create("payment");
  card.on("ready", (event) => event.elementType);
  card.on("change", ({ complete, empty, collapsed, value }) => [complete, empty, collapsed, value.type]);
  card.on("loaderror", ({ error }) => error.message);
  card.mount("#card");
  elements.update({ setupFutureUsage: null });
  const { error: unfinished } = await elements.submit();
  if (unfinished) return unfinished;
  const { error, paymentIntent } = await stripe.confirmPayment({
    elements, clientSecret, confirmParams: { return_url: "https://shop.example/bought" }, redirect: "if_required",
  });
  return error ?? paymentIntent;
}

async function finish(stripe: Stripe, clientSecret: string): Promise<PaymentIntent | SetupIntent | StripeError | undefined> {
  const { error, paymentIntent } = await stripe.handleNextAction({ clientSecret });
  if (error) return error;
  const again = await stripe.retrievePaymentIntent(clientSecret);
  const saved = await stripe.confirmCardPayment(clientSecret, { payment_method: "pm_1" });
  return again.error ?? saved.error ?? paymentIntent;
}

async function save(stripe: Stripe, clientSecret: string): Promise<SetupIntent | StripeError | undefined> {
  const elements = stripe.elements({ clientSecret });
  elements.create("payment").mount(document.body);
  const { error } = await stripe.confirmSetup({
    elements, confirmParams: { return_url: "https://shop.example/saved" }, redirect: "if_required",
  });
  return error ?? (await stripe.retrieveSetupIntent(clientSecret)).setupIntent;
}

type Served = "confirmCardPayment" | "confirmPayment" | "confirmSetup" | "handleNextAction" | "retrievePaymentIntent"
  | "retrieveSetupIntent";
const promised: Pick<Stripe, Served> = standIn;

const elements = standIn.elements({ clientSecret: "" });
const madeOf: Pick<StripeElements, "fetchUpdates" | "submit" | "update"> = elements;
type OfElement = "blur" | "clear" | "collapse" | "destroy" | "focus" | "mount" | "unmount" | "update";
const field: Pick<import("@stripe/stripe-js").StripePaymentElement, OfElement> = elements.create("payment");

export { field, finish, madeOf, pay, promised, save };
