// The gateway has no setting for the address that it listens on, and would be
// an open proxy to whoever reaches this machine while a test runs.
import net from "node:net";

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, host, ...rest) {
  return listen.call(this, port, typeof host === "string" ? host : "127.0.0.1", ...rest);
};
