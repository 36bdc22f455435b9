// The examples of README.md that are marked `sh demo`, run in their order against the demo.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { example } from './case.mjs';
import { ISSUER, LANYARD } from './demo.mjs';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const environment = {
  ...process.env,
  PATH: `${dirname(LANYARD)}:${process.env.PATH}`,
  LANYARD_CONFIG: join(process.env.DEMO_DATA, 'lanyard.toml'),
};

for (const [, text] of readme.matchAll(/^```sh demo\n([\s\S]*?)^```$/gm)) {
  await example(`README.md: ${text.split('\n')[0]}`, () => {
    const script = text.replaceAll('http://localhost:8080', ISSUER);
    execFileSync('bash', ['-euo', 'pipefail', '-c', script], { env: environment, stdio: 'pipe' });
  });
}
