/** What a text says; undefined where it is no JSON, which no JSON text says. Its shape is for a schema. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
