import { parseArgs } from 'node:util';

import { runCampaign } from './campaign.mjs';
import { brokenPromises, rowsOf, tableOf } from './report.mjs';

/**
 * `node tools/faults/run.mjs [--faults <n>] [--seed <n>] [--grace <seconds>] [--only <kind>,…] [--json] [--verbose]`: injects
 * faults into real processes and exits with 1 when a promise is broken. `--json` prints one object instead of a table.
 */
const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '25' },
    seed: { type: 'string', default: '1' },
    grace: { type: 'string', default: '0' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

const graceMs = Number(values.grace) * 1_000;
const started = performance.now();
const { judged, ineffective, problems } = await runCampaign({
  faults: Number(values.faults),
  seed: Number(values.seed),
  graceMs,
  ...(values.only === undefined ? {} : { only: values.only.split(',') }),
  ...(values.verbose ? { tell: (line) => console.error(line) } : {}),
});
const rows = rowsOf(judged, ineffective);
const broken = [...brokenPromises(judged, graceMs), ...problems];
const seconds = Math.round((performance.now() - started) / 1_000);
if (values.json) console.log(JSON.stringify({ rows, broken, seconds }));
else {
  for (const line of tableOf(rows)) console.log(line);
  for (const line of broken) console.log(`problem: ${line}`);
  console.log(`${judged.length} faults in ${seconds} s`);
}
// Not by itself: Node can spin for ever at its end over the pipe of the Redis guard, which is closing just then.
process.exit(broken.length === 0 ? 0 : 1);
