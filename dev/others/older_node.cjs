// What Node.js 20 lacks and orval uses.
function grouped(items, key, put) {
    let at = 0;
    for (const item of items) put(key(item, at++), item);
}
Map.groupBy ??= (items, key) => {
    const groups = new Map();
    grouped(items, key, (name, item) => groups.set(name, [...(groups.get(name) ?? []), item]));
    return groups;
};
Object.groupBy ??= (items, key) => {
    const groups = Object.create(null);
    grouped(items, key, (name, item) => (groups[name] ??= []).push(item));
    return groups;
};
