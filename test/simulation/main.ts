import { runSeed } from './run-seed.ts';
import { type SettingName, settingOfSeed, settings } from './settings.ts';

const [from = 1, n = 1, name] = process.argv.slice(2);
const t0 = process.hrtime.bigint();
let steps = 0,
  passes = 0,
  bad = 0;
const fired = new Map();
const kinds = new Map();
for (let seed = Number(from); seed < Number(from) + Number(n); seed++) {
  const setting =
    name === 'quiet'
      ? { ...settings.base, hasFaults: false, faultsEndAt: 60_001 }
      : settings[(name && name !== 'mix' ? name : settingOfSeed(seed)) as SettingName];
  const r = await runSeed({ seed, setting, isTraced: process.env.TRACE !== undefined });
  if (process.env.TRACE !== undefined) console.log(r.lines?.join('\n'));
  steps += r.steps;
  passes += r.passes;
  for (const [k, v] of Object.entries(r.fired)) fired.set(k, (fired.get(k) ?? 0) + v);
  for (const v of r.violations) kinds.set(v, [...(kinds.get(v) ?? []), seed]);
  if (r.violations.length) bad++;
  if (Number(n) <= 20)
    console.log(seed, r.hash, r.steps, r.passes, Math.round(r.now), r.creates, r.violations.join(' | '), r.visits.size);
}
const _cpu = process.cpuUsage();
const sec = Number(process.hrtime.bigint() - t0) / 1e9;
console.log(
  'fired',
  [...fired]
    .sort((a, b) => b[1] - a[1])
    .map(([k, v]) => `${k} ${v}`)
    .join(' · '),
);
for (const [k, v] of kinds) console.log(k, v.length, v.slice(0, 8).join(' '));
console.log(
  `${n} seeds ${bad} bad ${(Number(n) / sec).toFixed(1)}/s steps ${steps / Number(n)} passes ${passes / Number(n)}`,
);
