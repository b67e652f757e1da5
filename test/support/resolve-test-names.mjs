// Preloaded into processes of tests: names under .test, which no resolver may know (RFC 6761), are this machine.
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'

const { lookup } = dns
dns.lookup = (hostname, ...rest) => lookup(/\.test$/.test(hostname) ? '127.0.0.1' : hostname, ...rest)
syncBuiltinESMExports()
