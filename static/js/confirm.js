// Lets the bank ask its customer about a payment that was begun without them. Whatever it
// answers, the next page asks Stripe what came of it.
(() => {
  const form = document.querySelector("[data-confirm-payment]");
  if (!form) return;
  const problem = form.querySelector("[role=alert]");
  const button = form.querySelector("button");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!window.Stripe) {
      problem.textContent = "Stripe could not be loaded. Nothing was charged; load this page again in a minute.";
      problem.hidden = false;
      return;
    }
    const stripe = window.Stripe(form.dataset.publishableKey);
    await stripe.confirmPayment({
      clientSecret: form.dataset.clientSecret,
      confirmParams: { payment_method: form.dataset.paymentMethod },
      redirect: "if_required",
    });
    window.location.assign(form.dataset.next);
  });
  button.hidden = false;
})();
