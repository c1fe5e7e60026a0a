/** Secrets that have a form of their own, wherever they stand in a text. */
const forms: readonly (readonly [RegExp, string])[] = [
  // Tickets, passes, links, registration tokens, machine credentials, device cookies and API keys.
  [/\b((?:wxt|vsay)_[a-z]{2,8}_)[A-Za-z0-9_.-]{8,}/g, '$1[hidden]'],
  // JWT.
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,2}/g, '[hidden]'],
  // The password in a URL.
  [/(:\/\/[^\s:/@"\\]*):[^\s/@"\\]+@/g, '$1:[hidden]@'],
  [/\b(Bearer|Basic) +[A-Za-z0-9+/=_.~-]{8,}/gi, '$1 [hidden]'],
];

/** Hides secrets in a text by their form: a line of a log, a file of a support bundle. */
export const hideSecrets = (text: string): string =>
  forms.reduce((hidden, [form, instead]) => hidden.replace(form, instead), text);
