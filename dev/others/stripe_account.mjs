// Uses Stripe's own library for Node.js against the stand-in: the calls of this project, as that library sends them.
// Run by `stack.stripe_libraries` with STRIPE_API_BASE, and with NODE_PATH where the library is.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const Stripe = createRequire(`${process.env.NODE_PATH}/`)('stripe');
const base = new URL(process.env.STRIPE_API_BASE);
const at = { host: base.hostname, port: base.port, protocol: 'http', maxNetworkRetries: 0 };
const stripe = new Stripe('sk_test_others', at);

async function admin(path, body) {
    const answer = await fetch(`${base.origin}/admin/${path}`, body && { method: 'POST', body: JSON.stringify(body) });
    return answer.json();
}

const product = await stripe.products.create({ name: 'Pro' });
const price = await stripe.prices.create({
    product: product.id, currency: 'eur', unit_amount: 1299, recurring: { interval: 'month' }, lookup_key: 'node',
    transfer_lookup_key: true,
});
const listed = await stripe.prices.list({ lookup_keys: ['node'], expand: ['data.product'] });
assert.deepEqual(listed.data.map((one) => [one.id, one.product.name]), [[price.id, 'Pro']]);

const customers = [];
for (let made = 0; made < 4; made++) customers.push((await stripe.customers.create({ email: `${made}@example.org` })).id);
const forwards = await stripe.customers.list({ limit: 3, ending_before: customers[0] }).autoPagingToArray({ limit: 9 });
assert.deepEqual(forwards.map((one) => one.id), customers.slice(1), 'a page backwards is read from its end');
const found = await stripe.customers.search({ query: "email:'2@example.org'" });
assert.deepEqual(found.data.map((one) => one.id), [customers[2]]);

const session = await stripe.checkout.sessions.create({
    mode: 'subscription', customer: customers[0], line_items: [{ price: price.id, quantity: 1 }],
    success_url: 'https://app.example/ok', cancel_url: 'https://app.example/back',
});
const lines = await stripe.checkout.sessions.listLineItems(session.id);
assert.equal(lines.data[0].amount_total, 1299);
await admin(`sessions/${session.id}`, { action: 'pay' });
const subscriptions = await stripe.subscriptions.list({ customer: customers[0] });
assert.equal(subscriptions.data[0].status, 'active');
const ended = await stripe.subscriptions.update(subscriptions.data[0].id, { cancel_at_period_end: true });
assert.ok(ended.cancel_at);
const portal = await stripe.billingPortal.sessions.create({ customer: customers[0], return_url: 'https://app.example' });
assert.ok(portal.url);

const endpoint = await stripe.webhookEndpoints.create({ url: 'http://127.0.0.1:9/', enabled_events: ['invoice.paid'] });
const event = (await stripe.events.list({ type: 'checkout.session.completed' })).data[0];
const body = JSON.stringify(event);
const header = stripe.webhooks.generateTestHeaderString({ payload: body, secret: endpoint.secret });
assert.equal(stripe.webhooks.constructEvent(body, header, endpoint.secret).data.object.id, session.id);
await stripe.webhookEndpoints.del(endpoint.id);

await assert.rejects(stripe.customers.retrieve('cus_none'), { type: 'StripeInvalidRequestError', statusCode: 404 });
const old = new Stripe('sk_test_others', { ...at, apiVersion: '2026-07-29.dahlia' });
await assert.rejects(old.prices.retrieve(price.id), /2026-07-29\.dahlia.*2026-09-30\.endive/s);
const { calls } = await admin('calls');
assert.equal(calls.at(-1).stripe_version, '2026-07-29.dahlia');
assert.deepEqual([...new Set(calls.slice(0, -1).map((call) => call.stripe_version))], [Stripe.API_VERSION]);
console.log(`stripe ${Stripe.PACKAGE_VERSION} for Node.js, version ${Stripe.API_VERSION}: ${calls.length} calls`);
