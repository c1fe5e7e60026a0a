import { Alert } from '@mantine/core';

/** Browsers treat plain http as secure only on loopback. */
export const PlainHttp = () =>
  window.isSecureContext ? null : (
    <Alert role="alert" color="red" variant="filled" radius={0} title="This connection is not encrypted">
      Anyone on the network can read your password and everything you type. Ask your administrator for an https://
      address.
    </Alert>
  );
