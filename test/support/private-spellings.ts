const hidden = [
  '127.0.0.1', '127.1.2.3', '0.0.0.0', '0.1.2.3', '10.0.0.1', '172.16.0.1', '172.31.255.254', '192.168.1.1',
  '169.254.169.254', '168.63.129.16', '100.64.0.1', '100.100.100.200', '192.0.0.192', '192.0.2.1', '192.88.99.1',
  '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255',
] // biome-ignore format: a table

const hiddenSix = [
  '::', '::1', '0:0:0:0:0:0:0:1', '::0001', 'fe80::1', 'febf::1', 'fec0::1', 'fc00::1', 'fd00:ec2::254',
  'fd20:ce::254', 'ff02::1', 'ff0e::1', '100::1', '2001:db8::1', '3fff::1', '2001:2::1', '2001:10::1', '2001:20::1',
  '5f00::1', '4000::1', '2620:4f:8000::1', '64:ff9b:1::1',
] // biome-ignore format: a table

const hiddenNames = [
  'localhost', 'LOCALHOST', 'localhost.', 'localhost..', 'a.localhost', 'a.b.LocalHost', 'a.localhost.', 'postgres',
  'metadata', 'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ', 'local\u00adhost', 'loc%61lhost', '127.0.0.1.', '127.0.0.1..', '.127.0.0.1',
  '127。0。0。1', '127．0．0．1', '127｡0｡0｡1', '１２７.０.０.１', '①②⑦.⓪.⓪.①', '%31%32%37.0.0.1', '127%2e0%2e0%2e1',
  'localhost%00.example.com', 'localhost\\.example.com', '[::1%25lo]', '[fe80::1%25eth0]', '[::1', '::1', '[::1].',
  '0', '0x0', '127', '4294967296', '0x1_0', '127.0.0.1:80:81', '127.0.0.256', '1.2.3.4.5',
] // biome-ignore format: a table

/** Hosts of URLs that all mean a private address, or mean one to some parser. */
export function privateSpellings(): string[] {
  return [
    ...hidden.flatMap((address) => [...fourSpellings(address), ...sixAround(address).flatMap(sixSpellings)]),
    ...hiddenSix.flatMap(sixSpellings),
    ...hiddenNames,
  ]
}

function fourSpellings(address: string): string[] {
  const bytes = address.split('.').map(Number)
  const [a = 0, b = 0, c = 0, d = 0] = bytes
  const whole = ((a * 256 + b) * 256 + c) * 256 + d
  const hex = (n: number) => `0x${n.toString(16)}`
  const octal = (n: number) => `0${n.toString(8)}`
  return [
    address,
    `${address}.`,
    String(whole),
    hex(whole),
    hex(whole).toUpperCase(),
    octal(whole),
    `000${octal(whole)}`,
    bytes.map(hex).join('.'),
    bytes.map(octal).join('.'),
    bytes.map((n) => `000${octal(n)}`).join('.'),
    `${hex(a)}.${b}.${octal(c)}.${d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    `${hex(a)}.${octal((b * 256 + c) * 256 + d)}`,
    address.replaceAll('.', '。'),
    address.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    address.replace(/\d/g, (digit) => `%3${digit}`),
    `user@${address}`,
    `example.com@${address}`,
    `user:word@${address}`,
    `example.com:443@${address}`,
  ]
}

/** The IPv4 address inside IPv6, in each way that some machine or router unwraps. */
function sixAround(address: string): string[] {
  const bytes = address.split('.').map(Number)
  const pair = (from: number, mask = 0) =>
    ((((bytes[from] ?? 0) << 8) | (bytes[from + 1] ?? 0)) ^ mask).toString(16)
  const [high, low] = [pair(0), pair(2)]
  return [
    `::ffff:${address}`,
    `::ffff:${high}:${low}`,
    `0:0:0:0:0:ffff:${address}`,
    `::${address}`,
    `::${high}:${low}`,
    `::ffff:0:${address}`,
    `64:ff9b::${address}`,
    `64:ff9b:1::${high}:${low}`,
    `2002:${high}:${low}::`,
    `2002:${high}:${low}::1`,
    `2001:0:4136:e378:8000:63bf:${pair(0, 0xffff)}:${pair(2, 0xffff)}`,
    `2001:0:${high}:${low}::1`,
    `2a00:1450::5efe:${address}`,
    `fe80::5efe:${address}`,
  ]
}

function sixSpellings(address: string): string[] {
  return [`[${address}]`, `[${address.toUpperCase()}]`]
}
