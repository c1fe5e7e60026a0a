/** The parsed text. Undefined if it is not JSON, since no JSON text parses to undefined. The caller checks the shape with a schema. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
