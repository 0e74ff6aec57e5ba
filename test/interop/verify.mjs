// Verifies every certificate of a folder that `huzheng demo --out` left, with an implementation of SD-JWT (RFC 9901)
// that is none of ours, given only issuers.json. Prints one line of JSON; ends with 1 where a certificate does not
// verify, or where a forged one does.
//
//   node verify.mjs <folder>

import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SDJwtInstance } from '@sd-jwt/core';

const folder = process.argv[2];
const issuers = JSON.parse(readFileSync(join(folder, 'issuers.json'), 'utf8'));

const hasher = (data, alg) => {
  if (alg.toLowerCase() !== 'sha-256') throw new Error(`hash ${alg}`);
  return new Uint8Array(createHash('sha256').update(data).digest());
};

// part decodes one part of a compact JWS.
const part = (token, index) => JSON.parse(Buffer.from(token.split('~')[0].split('.')[index], 'base64url').toString());

// instanceFor verifies with the one key that the issuer's metadata has under the token's kid, and by ES256 alone.
function instanceFor(token) {
  const header = part(token, 0);
  const jwks = issuers[part(token, 1).iss];
  const jwk = jwks?.keys.find((key) => key.kid === header.kid);
  if (!jwk || header.alg !== 'ES256') throw new Error('no key of the issuer fits');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  return new SDJwtInstance({
    hasher,
    hashAlg: 'sha-256',
    verifier: (data, signature) =>
      verifySignature('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')),
  });
}

async function verified(token) {
  const { payload } = await instanceFor(token).verify(token);
  return payload;
}

async function refused(token) {
  try {
    await verified(token);
    return false;
  } catch {
    return true;
  }
}

// flip changes a character in the middle of a string to another one of base64url.
const flip = (text) => {
  const at = text.length >> 1;
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
};

const names = readdirSync(folder).filter((name) => name.endsWith('.sdjwt'));
let claims = 0;
const failures = [];
for (const name of names) {
  const token = readFileSync(join(folder, name), 'utf8').trim();
  const parts = token.split('~');
  const disclosures = parts.length - 2;
  try {
    const payload = await verified(token);
    const visible = new Set(Object.keys(part(token, 1)).filter((claim) => !claim.startsWith('_sd')));
    const disclosed = Object.keys(payload).filter((claim) => !visible.has(claim) && !claim.startsWith('_sd'));
    if (disclosed.length !== disclosures || disclosures < 10) throw new Error(`${disclosed.length} claims of ${disclosures} disclosures`);
    claims += disclosed.length;
  } catch (error) {
    failures.push(`${name}: ${error.message}`);
  }
  const jwt = parts[0].split('.');
  const forged = [[jwt[0], flip(jwt[1]), jwt[2]].join('.'), ...parts.slice(1)].join('~');
  if (!(await refused(forged))) failures.push(`${name}: a changed payload verifies`);
}
console.log(JSON.stringify({ certificates: names.length, claims, failures }));
process.exit(names.length > 0 && failures.length === 0 ? 0 : 1);
