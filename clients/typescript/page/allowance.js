// The plan: the meter of the day's messages, and the way to Pro.

import { unwrap } from "./client.js";
import { button, h, minute } from "./dom.js";

/** The plan of the account, as it was last read. */
export const tier = (app) => app.account?.tier;

/** The account, as it was last read. */
export const account = async (app) => (app.account?.id ? app.account : app.refresh());

/** Keeps the account and shows its name and plan beside the list. */
export function showPlan(app, account) {
  app.account = account;
  const who = h("a.who", { href: "#/account" },
    h("span.name", {}, account.name || account.mobile), h("span.tier", {}, account.tier === "pro" ? "Pro" : "Basic"));
  document.getElementById("me").replaceChildren(who);
  showAllowance(app, account.allowance);
  return account;
}

/** Keeps the allowance and shows it in every meter. */
export function showAllowance(app, allowance) {
  app.account = { ...app.account, allowance };
  document.querySelectorAll(".allowance").forEach((place) => place.replaceWith(meter(app)));
}

const count = new Intl.NumberFormat().format;

/** A meter of the day's messages. */
export function meter(app) {
  const { limit, remaining, resets_at } = app.account?.allowance ?? {};
  if (limit === undefined) return h("p.allowance");
  const text = `${count(remaining)} of ${count(limit)} messages left today`;
  const bar = h("meter", { min: 0, max: limit, low: limit / 5, value: String(remaining), "aria-label": text });
  bar.setAttribute("value", remaining);
  return h("p.allowance", { title: `New ones at ${minute(resets_at)}` }, bar, h("span", {}, text));
}

/** Opens the payment page, and comes back to where the user is now. */
export async function subscribe(app) {
  const checkout = await unwrap(app.api.POST("/subscribe/pro"));
  sessionStorage.setItem("place", location.hash || "#/");
  location.assign(checkout.checkout_url);
}

/** What is shown when the day's messages are spent: the API's words, and its way out. */
export function upgradeCard(app, problem) {
  const offer = problem.upgrade?.detail ?? (tier(app) === "pro" ? null : "Pro has a far larger daily allowance.");
  const failed = (error) => {
    alert.textContent = error.detail ?? String(error.message);
    alert.hidden = false;
  };
  const alert = h("p.error", { role: "alert", hidden: true });
  return h("section.card.upgrade", { role: "alert", "aria-label": "Today's messages are spent" },
    h("h2", {}, "That was it for today"), h("p", {}, problem.detail),
    offer && h("p", {}, offer), alert,
    offer && button("Upgrade to Pro", () => subscribe(app), { kind: ".primary", id: "upgrade", failed }));
}
