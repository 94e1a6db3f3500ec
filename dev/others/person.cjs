// Somebody new, for the journeys with generated clients.
exports.mobile = () => `+1555${String(Date.now() * 1000 + (process.pid % 1000)).slice(-9)}`;

// Answers of `fetch` with what was sent, so that a journey can look at it.
exports.watched = () => {
    const sent = [];
    const plain = globalThis.fetch;
    globalThis.fetch = async (url, init) => {
        const answer = await plain(url, init);
        sent.push({ url: String(url), method: init?.method, headers: new Headers(init?.headers), status: answer.status });
        return answer;
    };
    return sent;
};
