// Validates access tokens of Lanyard in an API, with jose.
//
//   node validate.mjs ISSUER AUDIENCE
//
// For each line `TOKEN` or `TOKEN ORGANIZATION ROLE LOCATION` of the input it prints `accepted`, `forbidden` or
// `refused: …`. In an API, `validator` is made once at start and `refused` is answered with 401, `forbidden` with 403.

import { createInterface } from 'node:readline';
import { createRemoteJWKSet, jwtVerify } from 'jose';

/** Makes a function that answers the claims of a token, or throws why it is none. */
async function validator(issuer, audience) {
  const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  if (metadata.issuer !== issuer) throw new Error(`${issuer} calls itself ${metadata.issuer}`);
  // Keys are kept; an unknown key id fetches them again, at most once in 30 seconds.
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri), { cacheMaxAge: 600_000, cooldownDuration: 30_000 });
  const rules = {
    typ: 'at+jwt', // an ID token is no access token
    algorithms: ['ES256', 'EdDSA', 'RS256'], // chosen here, not by the token
    issuer,
    audience,
    clockTolerance: 60,
    requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id', 'org_id'],
  };
  return async (token) => (await jwtVerify(token, keys, rules)).payload;
}

/** Whether the role holds at the location; `roles` and `locations` must never be combined for this. */
function holds(claims, organization, role, location) {
  if (claims.org_id !== organization) return false;
  // `null` is the whole organization; an assignment at a region lists the places below it.
  const isThere = (one) => one.location === null || one.location === location || one.locations?.includes(location);
  return (claims.assignments ?? []).some((one) => one.role === role && isThere(one));
}

const validate = await validator(process.argv[2], process.argv[3]);
for await (const line of createInterface({ input: process.stdin })) {
  const [token, ...wanted] = line.split(' ');
  try {
    const claims = await validate(token);
    console.log(wanted.length === 0 || holds(claims, ...wanted) ? 'accepted' : 'forbidden');
  } catch (fault) {
    console.log(`refused: ${fault.message}`);
  }
}
