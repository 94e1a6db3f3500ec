// The plan on the account's page: what it is, until when, and how to change it.

import { meter, subscribe } from "./allowance.js";
import { unwrap } from "./client.js";
import { button, day, h } from "./dom.js";
import { section } from "./section.js";

/** The section about the plan. */
export function openPlan(app) {
  return section("Plan", "plan", async (refresh) => {
    const plan = await unwrap(app.api.GET("/subscription/status"));
    const change = (path) => async () => {
      await unwrap(app.api.POST(path));
      await Promise.all([refresh(), app.refresh()]);
    };
    return [
      h("p.tierline", {}, h("strong", {}, plan.tier === "pro" ? "Pro" : "Basic"), " ", until(plan)),
      meter(app),
      problem(plan),
      h("div.row", {},
        plan.status === "none" && button("Upgrade to Pro", () => subscribe(app), { kind: ".primary", id: "plan-upgrade" }),
        plan.tier === "pro" && !plan.cancel_at && button("Cancel Pro", change("/subscription/cancel"), { id: "plan-cancel" }),
        plan.cancel_at && button("Keep Pro", change("/subscription/reactivate"), { kind: ".primary", id: "plan-keep" }),
        plan.status === "paused" && button("Resume", change("/subscription/resume"), { kind: ".primary" }),
        plan.portal && button("Payment details", () => portal(app), { id: "plan-portal" })),
      plan.portal && (await invoices(app)),
    ];
  });
}

function until(plan) {
  if (plan.cancel_at) return `until ${day(plan.cancel_at)}`;
  if (plan.tier === "pro" && plan.current_period_end) return `renews on ${day(plan.current_period_end)}`;
  return plan.status === "none" ? "" : `(${plan.status.replaceAll("_", " ")})`;
}

function problem({ payment_problem, notice }) {
  const said = payment_problem ?? notice;
  if (!said) return null;
  const link = said.invoice_url && h("a", { href: said.invoice_url, rel: "noreferrer" }, "Open the invoice");
  return h("p.error", { role: "alert" }, said.detail, " ", link);
}

async function portal(app) {
  const { portal_url } = await unwrap(app.api.POST("/subscription/portal"));
  sessionStorage.setItem("place", "#/account");
  location.assign(portal_url);
}

async function invoices(app) {
  const { data } = await unwrap(app.api.GET("/subscription/history", { params: { query: { limit: 12 } } }));
  if (!data.length) return null;
  const rows = data.map((one) => {
    const amount = new Intl.NumberFormat(undefined, { style: "currency", currency: one.currency }).format(one.amount / 100);
    const label = one.created_at ? day(one.created_at) : one.id;
    const link = one.invoice_url ? h("a", { href: one.invoice_url, rel: "noreferrer" }, label) : label;
    return h("tr", {}, h("td", {}, link), h("td", {}, amount), h("td", {}, one.status ?? ""));
  });
  return h("table", {}, h("caption", {}, "Invoices"), h("tbody", {}, rows));
}
