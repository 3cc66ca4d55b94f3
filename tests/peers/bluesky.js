// Bluesky's own servers (PDS, AppView, directory of DIDs) on loopback; says where, in one line.
const { createRequire } = require('node:module')
const { TestNetwork } = createRequire(`${process.cwd()}/`)('@atproto/dev-env')

TestNetwork.create({ dbPostgresSchema: 'bsky' })
  .then((network) => console.log(`READY ${network.pds.url}`))
  .catch((error) => {
    console.error(error)
    process.exit(1)
  })
