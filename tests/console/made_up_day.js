// Answers GetActivity with a made-up day, for the picture of the page; runs before the page does.
window.fetch = ((before) => async (path, options) => {
  if (!path.startsWith("/v1/activity")) return before(path, options);
  const now = Math.floor(Date.now() / 300000) * 300, steps = [];
  for (let i = 287; i >= 0; --i) {
    const at = now - i * 300, hour = (at / 3600 + 19) % 24, wave = Math.sin(i * 1.7) + Math.sin(i / 3.1);
    const open = Math.max(0, Math.min(1, (hour - 7.5) / 1.5, (21.2 - hour) / 1.5));
    const part = Math.min(300, Date.now() / 1000 - at) / 300;
    const all = Math.round(part * open * (620000 + 45000 * wave)), ns = (micros) => String(Math.round(micros * 1e3));
    const shares = [["CLEAR", 0.58 + 0.02 * wave], ["LISTED", 0.31 - 0.01 * wave], ["WIRELESS", 0.06],
                    ["NOT_COVERED", 0.03], ["INVALID", 0.02]];
    steps.push({start: new Date(at * 1000).toISOString(), answers: String(Math.round(all / 400)),
      failedCalls: "0", numbers: all ? shares.map(([verdict, share]) =>
        ({verdict: `VERDICT_${verdict}`, numbers: String(Math.round(all * share))})) : [],
      latencyP50Ns: all ? ns(41 + 2 * wave) : "0", latencyP99Ns: all ? ns(160 + 18 * wave) : "0",
      latencyP999Ns: all ? ns(700 + 160 * Math.abs(wave) + (i % 61 === 0 ? 900 : 0)) : "0"});
  }
  const sum = (verdict) => String(steps.reduce((total, step) => total +
    Number(step.numbers.find((each) => each.verdict === verdict)?.numbers ?? 0), 0));
  const total = {...steps[0], answers: String(steps.reduce((all, step) => all + Number(step.answers), 0)),
    numbers: ["CLEAR", "LISTED", "WIRELESS", "NOT_COVERED", "INVALID"].map((verdict) =>
      ({verdict: `VERDICT_${verdict}`, numbers: sum(`VERDICT_${verdict}`)})),
    latencyP50Ns: "41000", latencyP99Ns: "165000", latencyP999Ns: "811000"};
  return new Response(JSON.stringify({steps, total, stepMinutes: 5}),
    {headers: {"content-type": "application/json"}});
})(window.fetch);
