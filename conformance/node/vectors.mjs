// The vectors of conformance/vectors by jose, with the rules of the Node.js sample of "Validate a token in your API".

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { example } from '../case.mjs';

const read = (name) => JSON.parse(readFileSync(join(import.meta.dirname, '../vectors', name), 'utf8'));
const { issuer, audience, now, skew, vectors } = read('vectors.json');
const rules = {
  typ: 'at+jwt',
  algorithms: ['ES256', 'EdDSA', 'RS256', 'PS256'],
  issuer,
  audience,
  clockTolerance: skew,
  currentDate: new Date(now * 1000),
  requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id'],
};
const keys = createLocalJWKSet(read('jwks.json'));

await example(`${vectors.length} tokens get their verdicts by jose`, async () => {
  const wrong = [];
  for (const { name, verdict, reason, strict, token } of vectors) {
    const said = await jwtVerify(token, keys, rules).then(() => 'accept', () => 'refuse');
    // jose looks neither at iat without a maximal age, nor at a key in the header: it takes keys from the set alone.
    const isLenient = strict || reason === 'foreign-key' || name === 'issued later';
    if (said !== verdict && !(isLenient && said === 'accept')) wrong.push(`${name}: ${said}`);
  }
  assert.deepEqual(wrong, []);
});
