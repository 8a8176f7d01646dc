//! The connector that asks a proxy, where one is used, for a tunnel to the host.

use ureq::Error;
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, Either, Transport, TransportAdapter,
};

use super::host::port;
use super::limits::time_left;
use super::proxy::ProxyRules;

/// Opens a tunnel through the proxy that the rules name for the address, if they name one.
#[derive(Debug)]
pub(super) struct TunnelConnector {
    pub(super) rules: ProxyRules,
}

impl<In: Transport> Connector<In> for TunnelConnector {
    type Out = Either<In, Box<dyn Transport>>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        let Some(proxy) = self.rules.proxy_for(details.uri)? else {
            return Ok(Some(Either::A(transport)));
        };
        let mut stream = TransportAdapter::new(
            Box::new(transport) as Box<dyn Transport>,
            details.current_time.clone(),
        );
        stream.set_timeout(time_left(details));
        let host = details.uri.host().unwrap_or_default();
        match proxy.tunnel(&mut stream, host, port(details.uri)) {
            Ok(()) => Ok(Some(Either::B(stream.into_inner()))),
            Err(_) if time_left(details).after.is_zero() => {
                Err(Error::Timeout(details.timeout.reason))
            }
            Err(error) => Err(error.into()),
        }
    }
}
