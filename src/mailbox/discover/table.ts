import type { Server } from "../contract.ts";

interface Provider {
  smtp: Server;
  /** Domains of addresses. */
  domains: string[];
  /** Domains that the provider's MX hosts are in, for customers with a domain of their own. */
  mx: string[];
}

const tls = (hostname: string): Server => ({ hostname, port: 465, encryption: "tls" });
const startTls = (hostname: string): Server => ({ hostname, port: 587, encryption: "starttls" });

const provider = (smtp: Server, domains: string, mx = ""): Provider => ({
  smtp,
  domains: domains.split(" ").filter(Boolean),
  mx: mx.split(" ").filter(Boolean),
});

/** As the providers' own help pages say. Where both ports are offered, TLS from the start. */
const PROVIDERS: Provider[] = [
  provider(tls("smtp.gmail.com"), "gmail.com googlemail.com", "google.com googlemail.com"),
  provider(
    startTls("smtp-mail.outlook.com"),
    "outlook.com hotmail.com live.com msn.com",
    "olc.protection.outlook.com",
  ),
  provider(startTls("smtp.office365.com"), "", "mail.protection.outlook.com mx.microsoft"),
  provider(tls("smtp.aol.com"), "aol.com"),
  provider(
    tls("smtp.mail.yahoo.com"),
    "yahoo.com ymail.com rocketmail.com myyahoo.com yahoo.co.uk yahoo.de yahoo.fr",
    "yahoodns.net",
  ),
  provider(startTls("smtp.mail.me.com"), "icloud.com me.com mac.com", "mail.icloud.com"),
  provider(tls("smtp.yandex.com"), "yandex.com yandex.ru yandex.by yandex.kz ya.ru", "yandex.net yandex.ru"),
  provider(tls("smtp.mail.ru"), "mail.ru inbox.ru list.ru bk.ru internet.ru xmail.ru", "mail.ru"),
  provider(tls("smtp.rambler.ru"), "rambler.ru lenta.ru autorambler.ru myrambler.ru ro.ru"),
  provider(tls("smtp.fastmail.com"), "fastmail.com fastmail.fm", "messagingengine.com"),
  provider(tls("smtp.zoho.com"), "zoho.com zohomail.com"),
  provider(tls("smtppro.zoho.com"), "", "zoho.com"),
  provider(tls("smtppro.zoho.eu"), "", "zoho.eu"),
  provider(tls("smtppro.zoho.in"), "", "zoho.in"),
  provider(tls("smtpout.secureserver.net"), "", "secureserver.net"),
  provider(tls("smtp.titan.email"), "", "titan.email"),
  provider(startTls("mail.gmx.net"), "gmx.net gmx.de gmx.at gmx.ch"),
  provider(startTls("mail.gmx.com"), "gmx.com"),
  provider(startTls("smtp.web.de"), "web.de"),
  provider(startTls("smtp.mail.com"), "mail.com"),
  provider(tls("securesmtp.t-online.de"), "t-online.de"),
  provider(tls("smtp.mailbox.org"), "mailbox.org", "mailbox.org"),
  provider(tls("posteo.de"), "posteo.de posteo.net"),
  provider(tls("smtp.ionos.de"), "", "kundenserver.de ionos.de"),
  provider(tls("smtp.ionos.com"), "", "ionos.com"),
  provider(tls("ssl0.ovh.net"), "", "ovh.net"),
  provider(tls("mail.gandi.net"), "", "gandi.net"),
  provider(tls("smtp.migadu.com"), "", "migadu.com"),
  provider(tls("mail.privateemail.com"), "", "privateemail.com"),
  provider(tls("smtp.hostinger.com"), "", "hostinger.com"),
  provider(tls("secure.emailsrvr.com"), "", "emailsrvr.com"),
  provider(tls("smtp.exmail.qq.com"), "", "mxbiz1.qq.com mxbiz2.qq.com"),
  provider(tls("smtp.qq.com"), "qq.com foxmail.com"),
  provider(tls("smtp.163.com"), "163.com"),
  provider(tls("smtp.126.com"), "126.com"),
  provider(tls("smtp.naver.com"), "naver.com"),
  provider(tls("smtp.seznam.cz"), "seznam.cz email.cz post.cz"),
  provider(tls("smtp.wp.pl"), "wp.pl"),
  provider(tls("poczta.o2.pl"), "o2.pl tlen.pl"),
  provider(tls("smtp.orange.fr"), "orange.fr wanadoo.fr"),
  provider(tls("smtp.free.fr"), "free.fr"),
  provider(tls("smtp.laposte.net"), "laposte.net"),
  provider(tls("smtp.libero.it"), "libero.it"),
  provider(startTls("smtp.comcast.net"), "comcast.net"),
];

/** The SMTP server of a known provider, by the domain of an address. */
export const byDomain = (domain: string): Server | undefined =>
  PROVIDERS.find(({ domains }) => domains.includes(domain))?.smtp;

/** The SMTP server of a known provider, by the host that takes a domain's mail. */
export const byMailExchange = (host: string): Server | undefined =>
  PROVIDERS.find(({ mx }) => mx.some((domain) => host === domain || host.endsWith(`.${domain}`)))?.smtp;
