// The samples of "Validate a token in your API": each gets tokens of the demo, and tokens that Lanyard never signs.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { decodeJwt, UnsecuredJWT } from 'jose';
import * as client from 'openid-client';
import { example } from '../case.mjs';
import { CALENDAR, ISSUER, LANYARD } from '../demo.mjs';
import { app, signIn } from '../node/relying_party.mjs';
import { startIssuer } from './issuer.mjs';

const here = import.meta.dirname;
const AUDIENCE = 'https://api.example';

const SAMPLES = {
  rust() {
    execFileSync('cargo', ['build', '--locked', '--quiet', '--example', 'validate'], { cwd: join(here, '../..') });
    return [join(dirname(LANYARD), 'examples/validate')];
  },
  node: () => ['node', join(here, 'node/validate.mjs')],
  python: () => ['python', join(here, 'python/validate.py')],
  java() {
    const libraries = join(here, '../../.cache/conformance/java');
    if (!existsSync(libraries)) {
      console.log('installing: conformance/validate/java/pom.xml, from the Maven registry');
      execFileSync('mvn', ['-q', '-B', '-Dstyle.color=never', '-f', join(here, 'java/pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${libraries}`]);
    }
    return ['java', '-cp', join(libraries, '*'), join(here, 'java/Validate.java')];
  },
};

const calendar = await app(CALENDAR, client.ClientSecretBasic(CALENDAR.secret));
const priya = await signIn(calendar, CALENDAR, 'priya@riverside.example');
const other = await startIssuer();

for (const [language, prepare] of Object.entries(SAMPLES)) {
  if (language === 'java' && !(isThere('java', '--version') && isThere('mvn', '--version'))) {
    console.log('not run: java, as there is no JDK with Maven here');
    continue;
  }
  const command = prepare();
  await example(`${language}: accepts tokens of the demo and refuses what was made of them`, () => withDemo(command));
  await example(`${language}: refuses what is expired, meant for others or of another type`, () => withIssuer(command));
}
other.stop();

async function withDemo(command) {
  const token = priya.access_token;
  const { org_id: riverside, ...claims } = decodeJwt(token);
  const [head, body, signature] = token.split('.');
  const raised = Buffer.from(JSON.stringify({ ...claims, org_id: riverside, roles: ['owner'] })).toString('base64url');
  const expected = {
    [token]: 'accepted',
    [`${token} ${riverside} supervisor harbour-quay`]: 'accepted',
    [`${token} ${riverside} practitioner main-street`]: 'accepted',
    [`${token} ${riverside} supervisor main-street`]: 'forbidden',
    [`${token} org_other supervisor harbour-quay`]: 'forbidden',
    [priya.id_token]: 'refused',
    [`${head}.${raised}.${signature}`]: 'refused',
    [`${head}.${body}.AAAA`]: 'refused',
    [`${head}.${body}.`]: 'refused',
    [new UnsecuredJWT(claims).encode()]: 'refused',
    [await other.sign({ alg: 'ES256', typ: 'at+jwt' }, decodeJwt(token))]: 'refused',
    nonsense: 'refused',
  };
  assert.deepEqual(await answers(command, ISSUER, ISSUER, Object.keys(expected)), Object.values(expected));
}

async function withIssuer(command) {
  const now = Math.floor(Date.now() / 1000);
  const right = {
    iss: other.issuer, aud: AUDIENCE, sub: 'usr_a', client_id: 'app', jti: 'a', iat: now, exp: now + 300, org_id: 'org_a',
    assignments: [
      { role: 'owner', location: null },
      { role: 'manager', location: 'north', locations: ['main-street', 'north'] },
      { role: 'billing', location: 'pier' },
    ],
  };
  const header = { alg: 'ES256', typ: 'at+jwt' };
  const cases = [
    [header, right, 'accepted'],
    [{ ...header, alg: 'RS256' }, right, 'accepted'],
    [header, { ...right, aud: ['https://other.example', AUDIENCE] }, 'accepted'],
    [header, { ...right, exp: now - 30 }, 'accepted'], // within the skew of 60 seconds
    [header, { ...right, exp: now - 90 }, 'refused'],
    [header, { ...right, exp: undefined }, 'refused'],
    [header, { ...right, aud: 'https://other.example' }, 'refused'],
    [header, { ...right, aud: undefined }, 'refused'],
    [header, { ...right, iss: ISSUER }, 'refused'],
    [header, { ...right, org_id: undefined }, 'refused'],
    [{ ...header, typ: 'JWT' }, right, 'refused'],
    [{ alg: 'ES256' }, right, 'refused'],
    ...Array.from({ length: 20 }, (_, n) => [{ ...header, kid: `unknown-${n}` }, right, 'refused']),
  ];
  const tokens = await Promise.all(cases.map(([head, claims]) => other.sign(head, claims)));
  const before = other.fetched();
  const wanted = {
    'org_a owner anywhere': 'accepted',
    'org_a manager main-street': 'accepted', // below the region
    'org_a manager north': 'accepted',
    'org_a manager pier': 'forbidden',
    'org_a billing pier': 'accepted',
    'org_a billing main-street': 'forbidden', // the region of one role is not that of another
  };
  const lines = [...tokens, ...Object.keys(wanted).map((words) => `${tokens[0]} ${words}`)];
  const found = await answers(command, other.issuer, AUDIENCE, lines);
  assert.deepEqual(found, [...cases.map(([, , outcome]) => outcome), ...Object.values(wanted)]);
  assert.ok(other.fetched() - before <= 3, `20 unknown keys made it fetch ${other.fetched() - before} times`);
}

/** What the sample says of each line, without the reasons. */
async function answers([program, ...options], issuer, audience, lines) {
  const sample = spawn(program, [...options, issuer, audience], { stdio: ['pipe', 'pipe', 'inherit'] });
  sample.stdin.end(lines.map((line) => `${line}\n`).join(''));
  const found = [];
  for await (const line of createInterface({ input: sample.stdout })) found.push(line.split(':')[0]);
  return found;
}

function isThere(program, option) {
  try {
    execFileSync(program, [option], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
