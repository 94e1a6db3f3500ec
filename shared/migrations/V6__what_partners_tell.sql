-- What the model thought, sealed by it, with the part of the reply that it belongs to. It is sent back with later turns.
alter table messages add column thought_signature jsonb;

-- The object that an event of Stripe's names, if it names only that. An event that was interrupted is finished by it.
alter table stripe_events add column object_path text;
