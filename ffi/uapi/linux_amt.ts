// <linux/amt.h>: Automatic Multicast Tunneling, RFC 7450.

export const headers = ["linux/amt.h"] as const;

export const AMT_MODE_GATEWAY = 0;
export const AMT_MODE_RELAY = 1;

export const IFLA_AMT_MODE = 1;
export const IFLA_AMT_RELAY_PORT = 2;
export const IFLA_AMT_GATEWAY_PORT = 3;
export const IFLA_AMT_LINK = 4;
export const IFLA_AMT_LOCAL_IP = 5;
export const IFLA_AMT_REMOTE_IP = 6;
export const IFLA_AMT_DISCOVERY_IP = 7;
export const IFLA_AMT_MAX_TUNNELS = 8;
