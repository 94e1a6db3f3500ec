-- What the model thought, sealed by it, with the part of the reply that it belongs to. It is sent back with later turns.
alter table messages add column thought_signature jsonb;
