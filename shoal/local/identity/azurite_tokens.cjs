// Loaded into Azurite before its own code. Azurite checks the claims of a token, but not who signed it: anybody on this
// machine could write one. It reads tokens with `decode` of the module jsonwebtoken; here that also checks the signature.
"use strict";
const { readFileSync } = require("node:fs");

const jsonwebtoken = require(require.resolve("jsonwebtoken", { paths: [process.argv[1]] }));
const publicKey = readFileSync(process.env.SHOAL_TOKEN_KEY);

jsonwebtoken.decode = (token) => {
  try {
    // The times are left to Azurite, which has messages of its own for them.
    return jsonwebtoken.verify(token, publicKey, { algorithms: ["RS256"], ignoreExpiration: true, ignoreNotBefore: true });
  } catch {
    return null;
  }
};
