/** What `startReference` gave this process. */
export const options = JSON.parse(process.env.OPTIONS ?? '{}')

export const listening = { host: '127.0.0.1', port: Number(process.env.PORT) }
