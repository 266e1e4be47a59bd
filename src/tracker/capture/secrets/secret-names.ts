/** Words that make a name secret wherever they stand in it, unless an attribute of the secret is named: `password_length`. */
const STRONG: ReadonlySet<string> = new Set(
  (
    "password passwords passwd pwd passphrase passphrases passcode secret secrets credential credentials creds " +
    "apikey apikeys apitoken accesskey accesstoken authtoken sessiontoken refreshtoken bearertoken secretkey privatekey " +
    "connectionstring connstr fernet"
  ).split(" "),
);
/** Such a word may be written together with others: PGPASSWORD, clientsecret. */
const STRONG_ENDINGS = ["password", "passwd", "passphrase", "secret", "apikey"];
/** Words that make a name secret only as its last one: a `token`, not `token_count`. */
const LAST: ReadonlySet<string> = new Set(
  "token auth authorization cookie cookies dsn sas signature sig jwt pat otp bearer".split(" "),
);
/** What may follow the last word without changing what it is: `TOKEN_PROD`, `token2`. */
const TRAILING: ReadonlySet<string> = new Set("value prod dev test staging live header base b64 base64 raw plain".split(" "));
/** A `key` or a `string` is secret by the word before it. */
const SECRET_PAIRS: Readonly<Record<string, ReadonlySet<string>>> = {
  key: new Set(
    (
      "api access private secret session encryption signing account shared master storage ssh auth service subscription " +
      "consumer app application deploy hmac aes"
    ).split(" "),
  ),
  string: new Set(["connection", "conn"]),
  str: new Set(["connection", "conn"]),
};
/** The last words of names that hold something about a secret, and not the secret. */
const ATTRIBUTES: ReadonlySet<string> = new Set(
  (
    "length len count counts size limit num number min max name names file files path paths dir folder type types url uri " +
    "endpoint host port policy strength field fields label prompt placeholder hint help message error errors expiry expires " +
    "expiration ttl age timeout enabled disabled required optional valid rotation manager provider format algorithm method " +
    "mode scheme stdin ref arn regex pattern column columns index version usage class at commit " +
    "ts js mjs tsx py java scala go rs rb sh c h cpp json yaml yml toml md txt html css log"
  ).split(" "),
);
/** Before `token` or `signature` they tell of language models, pages or functions. */
const HARMLESS_BEFORE: ReadonlySet<string> = new Set(
  (
    "pad eos bos unk mask cls sep special stop start end next first last max min num per n model method function image " +
    "added decoder continuation page"
  ).split(" "),
);

/** Whether a name says that its value is a secret, judged by the words that it is made of. */
export function looksSecret(name: string): boolean {
  // The shell's working folder.
  if (name === "PWD") return false;
  const words = toWords(name);
  return hasStrongWord(words) || endsInSecret(words);
}

/** `-Dspark.accessKey` is `spark`, `access`, `key`. */
function toWords(name: string): string[] {
  const plain = name.replace(/^-+[DP](?=[A-Za-z_])/, "");
  return (plain.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? []).map((word) => word.toLowerCase());
}

function hasStrongWord(words: readonly string[]): boolean {
  if (ATTRIBUTES.has(words.at(-1) ?? "")) return false;
  return words.some((word, index) => isStrong(word) || isPair(words[index - 1], word));
}

function isStrong(word: string): boolean {
  return STRONG.has(word) || STRONG_ENDINGS.some((ending) => word.endsWith(ending));
}

function isPair(before: string | undefined, word: string): boolean {
  const singular = word === "keys" ? "key" : word;
  const qualifiers = Object.hasOwn(SECRET_PAIRS, singular) ? SECRET_PAIRS[singular] : undefined;
  return before !== undefined && qualifiers?.has(before) === true;
}

function endsInSecret(words: readonly string[]): boolean {
  const last = words.findLastIndex((word) => !TRAILING.has(word) && !/^\d+$/.test(word));
  const before = words[last - 1];
  return LAST.has(words[last] ?? "") && (before === undefined || !HARMLESS_BEFORE.has(before));
}

/** Whether a name fits a pattern in which `*` stands for anything; capitals do not matter. */
export function fitsPattern(name: string, pattern: string): boolean {
  const text = name.toLowerCase();
  const [prefix = "", ...rest] = pattern.toLowerCase().split("*");
  const suffix = rest.pop();
  if (suffix === undefined) return text === prefix;
  if (!text.startsWith(prefix)) return false;
  let at = prefix.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - suffix.length >= at && text.endsWith(suffix);
}
