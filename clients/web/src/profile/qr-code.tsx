import { encode } from 'uqr';

/** Light modules around the code, which scanners need. */
const border = 2;

/** A QR code, drawn in this page: its text may be a secret. Dark on white in every theme, because scanners expect that. */
export const QrCode = ({ text, label }: { text: string; label: string }) => {
  const { data, size } = encode(text, { ecc: 'M', border });
  const dark = data.flatMap((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <svg
      viewBox={`0 0 ${size} ${size}`}
      width={208}
      height={208}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" rx={1} />
      <path d={dark} fill="#000" />
    </svg>
  );
};
