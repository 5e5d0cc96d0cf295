import { type LookupAddress, lookup as lookUp, type LookupOptions } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { CadreError } from '../../../contracts/errors.ts';

/** How long a receiver may take to answer (ms). */
const answerMsMax = 5_000;

/** Networks that are nobody's public address (https://www.iana.org/assignments/iana-ipv4-special-registry, -ipv6-): this host, private, link-local with the clouds' metadata, shared, tests, multicast. */
const special = new BlockList();
for (const [net, prefix] of [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
  ] as const),
  ...([
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.88.99.0', 24],
    ['192.168.0.0', 16],
  ] as const),
  ...([
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 3],
  ] as const),
] as const)
  special.addSubnet(net, prefix, 'ipv4');
/** The addresses of the internet as it is; all else of IPv6 is private, local, translated or not given out. */
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');
for (const [net, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  special.addSubnet(net, prefix, 'ipv6');

/** Whether an address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  return family === 6 && global6.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

/** Looks a name up for a connection, and lets it come about only to public addresses: a check before it would look up another answer. */
const publicLookup: LookupFunction = (hostname, options: LookupOptions, callback) => {
  lookUp(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) {
      callback(error, '', 0);
      return;
    }
    const wrong = addresses.find(({ address }) => !isPublicAddress(address));
    const [first] = addresses;
    if (wrong !== undefined || first === undefined) {
      const refusal = `${hostname} is ${wrong?.address ?? 'nowhere'}, which is not public`;
      callback(new CadreError('forbidden', refusal), '', 0);
    } else if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

/** Where a webhook goes. Throws `invalid-input` for what is not https, or an address that is not public; `isLocal` allows both, for a cloud on this machine. */
export function webhookUrl(text: string, isLocal: boolean): URL {
  const url = new URL(text);
  if (isLocal) return url;
  if (url.protocol !== 'https:') throw new CadreError('invalid-input', 'a webhook goes to an https URL');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isPublicAddress(host))
    throw new CadreError('invalid-input', `a webhook must not go to ${host}, which is not public`);
  return url;
}

/** Posts to one URL; answers with the status. No redirect is followed, and what the receiver says besides is not read. */
export function webhookPost(url: URL, isLocal: boolean) {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return (headers: Readonly<Record<string, string>>, body: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(answerMsMax);
      const options = { method: 'POST', headers, signal, agent: false, ...(isLocal ? {} : { lookup: publicLookup }) };
      const call = send(url, options, (answer) => {
        resolve(answer.statusCode ?? 0);
        answer.destroy();
      });
      call.on('error', reject);
      call.end(body);
    });
}
