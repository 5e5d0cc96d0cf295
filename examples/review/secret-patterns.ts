/** A kind of secret: how it looks, how grave it is, and, where the look alone says little, how random it must be. */
export interface SecretPattern {
  readonly name: string;
  readonly severity: 'critical' | 'high' | 'medium';
  /** The group `secret`, or else the whole match, is what gets masked. */
  readonly pattern: RegExp;
  readonly entropyBitsMin?: number;
}

/** Known shapes of credentials, the unmistakable ones first. */
export const secretPatterns: readonly SecretPattern[] = [
  { name: 'private key', severity: 'critical', pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/gu },
  { name: 'AWS access key id', severity: 'critical', pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/gu },
  {
    name: 'AWS secret access key',
    severity: 'critical',
    pattern: /aws_?secret_?(?:access_?)?key["']?\s*[:=]\s*["']?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/giu,
    entropyBitsMin: 3.5,
  },
  { name: 'GitHub token', severity: 'critical', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})/gu },
  { name: 'GitLab token', severity: 'critical', pattern: /\bglpat-[\w-]{20,}/gu },
  { name: 'Slack token', severity: 'critical', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/gu },
  { name: 'Stripe live key', severity: 'critical', pattern: /\b[rs]k_live_[A-Za-z0-9]{16,}/gu },
  { name: 'Google API key', severity: 'high', pattern: /\bAIza[\w-]{35}\b/gu },
  { name: 'npm token', severity: 'critical', pattern: /\bnpm_[A-Za-z0-9]{36}\b/gu },
  {
    name: 'model provider key',
    severity: 'critical',
    pattern: /\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}/gu,
    entropyBitsMin: 3.5,
  },
  { name: 'JSON web token', severity: 'medium', pattern: /\beyJ[\w-]{10,500}\.eyJ[\w-]{10,2000}\.[\w-]{10,}/gu },
  {
    name: 'password in a URL',
    severity: 'high',
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'`<>]{0,64}:(?<secret>[^\s/:@"'`<>]{3,128})@(?=[\w[])/giu,
  },
  {
    name: 'hard-coded secret',
    severity: 'medium',
    pattern:
      /(?:password|passwd|secret|token|api_?key|access_?key|credential)\w{0,20}["']?\s*(?::|=|:=|=>)\s*["'`](?<secret>[^\s"'`]{12,256})["'`]/giu,
    entropyBitsMin: 3.6,
  },
];

/** What people write where a secret would go. */
const placeholder =
  /example|sample|dummy|changeme|placeholder|redacted|your[-_]|insert|todo|xxxx|\*{3}|•|\.{3}|…|^<|[<${]\{|\$\(|^\$|^%|process\.env|^(?:arn:|urn:|https?:|\.{0,2}\/)|^(?:password|secret|test|local)$/iu;

/** Secrets looked for in one text: beyond it, the file is a list of them and the first ones say so. */
const secretsPerTextMax = 1_000;

/** One secret in a text. */
export interface SecretMatch {
  readonly name: string;
  readonly severity: SecretPattern['severity'];
  readonly start: number;
  readonly end: number;
}

/** The secrets in a text, in order and without overlaps. Placeholders and values that are not random enough are left out. */
export function findSecrets(text: string): SecretMatch[] {
  const found: SecretMatch[] = [];
  for (const { name, severity, pattern, entropyBitsMin } of secretPatterns) {
    for (const match of text.matchAll(pattern)) {
      const secret = match.groups?.['secret'] ?? match[0];
      const start = match.index + match[0].lastIndexOf(secret);
      const end = start + secret.length;
      if (placeholder.test(secret)) continue;
      if (entropyBitsMin !== undefined && (entropyBits(secret) < entropyBitsMin || !isMixed(secret))) continue;
      if (found.some((other) => start < other.end && other.start < end)) continue;
      if (found.push({ name, severity, start, end }) >= secretsPerTextMax) break;
    }
  }
  return found.sort((left, right) => left.start - right.start);
}

/** The text with each secret replaced by its first characters and its length. */
export function maskSecrets(text: string): string {
  let masked = '';
  let at = 0;
  for (const { start, end } of findSecrets(text)) {
    masked += text.slice(at, start) + maskValue(text.slice(start, end));
    at = end;
  }
  return masked + text.slice(at);
}

/** Enough of a secret to recognise it by, never enough to use it: at most four characters and a fifth of its length. */
export function maskValue(secret: string): string {
  const shown = Math.min(4, Math.floor(secret.length / 5));
  return `${secret.slice(0, shown)}…(${secret.length} characters)`;
}

/** Shannon's entropy in bits a character: about 4 and more for random letters and digits, under 3.5 for most words. */
export function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  const total = text.length;
  return [...counts.values()].reduce((bits, count) => bits - (count / total) * Math.log2(count / total), 0);
}

/** Words, paths and identifiers lack digits; generated secrets hardly ever do. */
function isMixed(text: string): boolean {
  return /\d/u.test(text) && /[A-Za-z]/u.test(text);
}
