"""SAP S/4HANA: journal entries over SOAP, from the vendor's documentation (a preview)."""
