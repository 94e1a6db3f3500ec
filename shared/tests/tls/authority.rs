//! A private CA and the certificate of its one server, in a folder that goes with it.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

pub(crate) struct Authority {
    pub(crate) folder: PathBuf,
    ca: String,
}

impl Authority {
    /// Makes one in a folder named after `of`.
    pub(crate) fn new(of: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tls-{of}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        for (name, pem) in
            [("ca.pem", ca.pem()), ("server.pem", certificate.pem()), ("server.key", key.serialize_pem())]
        {
            fs::write(folder.join(name), pem).unwrap();
        }
        Self { ca: text(&folder.join("ca.pem")), folder }
    }

    /// The file of the CA's certificate.
    pub(crate) fn ca(&self) -> &str {
        &self.ca
    }

    /// A file of the folder.
    pub(crate) fn file(&self, name: &str) -> String {
        text(&self.folder.join(name))
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
