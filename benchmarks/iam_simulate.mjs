// Asks @cloud-copilot/iam-simulate, which stands in the peer folder given first, to decide the cases of a JSON Lines
// file given second; writes one answer a line, then how many seconds the decisions alone took. AGPL: only a benchmark
// runs it, installed from npm.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [, , peer, casesFile, answersFile] = process.argv
const peers = createRequire(peer + '/')
const fetched = async (name) => import(pathToFileURL(peers.resolve(name)).href)
const { runSimulation } = await fetched('@cloud-copilot/iam-simulate')
const check = await fetched('@cloud-copilot/iam-policy')

// A policy is checked once, however many requests ask for it, as iam-simulate recommends for speed.
const checked = new Map()
const once = (kind, document) => {
  const key = kind.name + JSON.stringify(document)
  if (!checked.has(key)) checked.set(key, check.createValidatedPolicy(document, kind))
  return checked.get(key)
}
const named = (kind, documents) => documents.map((one, at) => ({ name: `p${at}`, policy: once(kind, one) }))
const levels = (kind, given) =>
  (given ?? []).map((one, at) => ({ orgIdentifier: `level${at}`, policies: named(kind, one) }))

const simulation = ({ identity, boundary, session, scp, rcp, resource, request, owner }) => ({
  request: {
    principal: request.principal,
    action: request.action,
    resource: { resource: request.resource, accountId: owner },
    contextVariables: request.context,
  },
  identityPolicies: named(check.validateIdentityPolicy, identity),
  permissionBoundaryPolicies: boundary ? named(check.validateIdentityPolicy, [boundary]) : undefined,
  sessionPolicy: session ? once(check.validateSessionPolicy, session[0]) : undefined,
  serviceControlPolicies: levels(check.validateServiceControlPolicy, scp),
  resourceControlPolicies: levels(check.validateResourceControlPolicy, rcp),
  resourcePolicy: resource ? once(check.validateResourcePolicy, resource) : undefined,
})

const cases = readFileSync(casesFile, 'utf8').trim().split('\n').map((line) => simulation(JSON.parse(line)))
for (const one of cases.slice(0, 500)) await runSimulation(one, {}).catch(() => null) // warms the compiler up
const answers = []
const start = performance.now()
for (const one of cases) answers.push(await runSimulation(one, {}).catch((error) => ({ errors: { message: String(error) } })))
const seconds = (performance.now() - start) / 1000
const short = ({ result, errors }) => ({ result: result?.analysis.result, ignored: result?.ignoredContextKeys, error: errors })
writeFileSync(answersFile, answers.map((one) => JSON.stringify(short(one))).join('\n') + '\n')
console.log(seconds)
