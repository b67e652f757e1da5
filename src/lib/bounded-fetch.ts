type Options = {
  method: string
  headers: Record<string, string> | Headers
  body?: ArrayBuffer | ReadableStream | string | Uint8Array | URLSearchParams | null | undefined
  signal?: AbortSignal | undefined
}

/**
 * `fetch` for answers of a server that is not ours: follows no redirect and gives up at `mostBytes`, so that what is
 * parsed was small. The caller's signal bounds the time, reading included.
 */
export function boundedFetch(mostBytes: number) {
  return async (url: string, { method, headers, body = null, signal }: Options): Promise<Response> => {
    const answer = await fetch(url, {
      method,
      headers,
      body: body as BodyInit | null,
      redirect: 'manual',
      ...(signal && { signal }),
    })
    const chunks: Uint8Array[] = []
    let size = 0
    // Leaving the loop early cancels the body and with it the connection.
    for await (const chunk of answer.body ?? []) {
      size += chunk.length
      if (size > mostBytes) throw new TypeError(`an answer is larger than ${mostBytes} bytes`)
      chunks.push(chunk)
    }
    return new Response(size > 0 ? Buffer.concat(chunks) : null, {
      status: answer.status,
      headers: answer.headers,
    })
  }
}
