/** What a loop spent from the start of its process until now, as the one JSON line it ends with. */
export function printLoopUsage(documents: number): void {
  const { user, system } = process.cpuUsage();
  const usage = {
    documents,
    wallMs: Math.round(performance.now()),
    cpuUserMs: Math.round(user / 1_000),
    cpuSystemMs: Math.round(system / 1_000),
    rssMb: Math.round(process.resourceUsage().maxRSS / 1_024),
  };
  console.log(JSON.stringify(usage));
}
