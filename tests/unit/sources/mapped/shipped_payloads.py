"""Payloads of the sources whose mappers are shipped, written after their documentation."""

from typing import Any

Payload = dict[str, Any]

VTEX: Payload = {
    "orderId": "1172452900788-01",
    "orderGroup": "1172452900788",
    "status": "invoiced",
    "value": 11_491,
    "creationDate": "2026-01-28T20:09:43.8994321+00:00",
    "lastChange": "2026-02-06T20:46:11.7010747+00:00",
    "invoicedDate": "2026-02-06T20:46:04.4003606+00:00",
    "isCompleted": True,
    "roundingError": 1,
    "totals": [
        {"id": "Items", "value": 10_001},
        {"id": "Discounts", "value": -500},
        {"id": "Shipping", "value": 1_160},
        {"id": "Tax", "value": 830},
    ],
    "items": [
        {"uniqueId": "87F0", "id": "12", "refId": None, "quantity": 2, "price": 3_000, "name": "Mug", "unitMultiplier": 1.0},
        {"uniqueId": "87F1", "id": "13", "refId": "LAMP", "quantity": 1, "price": 4_000, "name": "Lamp", "unitMultiplier": 1.0},
    ],
    "clientProfileData": {"userProfileId": "5a1", "email": "canary@example.test", "firstName": "Canary"},
    "shippingData": {"address": {"country": "BRA", "state": "RJ", "postalCode": "22250-040", "street": "Canary"}},
    "paymentData": {
        "transactions": [
            {
                "isActive": True,
                "payments": [{"id": "D3DE", "paymentSystemName": "Boleto Bancário", "group": "bankInvoice", "value": 11_491, "tid": "T1"}],
            }
        ]
    },
    "packageAttachment": {
        "packages": [
            {
                "type": "Output",
                "invoiceNumber": "84",
                "invoiceValue": 11_491,
                "issuanceDate": "2026-02-06T20:46:04.4003606+00:00",
                "items": [{"itemIndex": 0, "quantity": 2, "price": 3_000}, {"itemIndex": 1, "quantity": 1, "price": 4_000}],
            },
            {
                "type": "Input",
                "invoiceNumber": "85",
                "invoiceValue": 3_000,
                "issuanceDate": "2026-02-10T10:00:00.1234567+00:00",
                "items": [{"itemIndex": 0, "quantity": 1, "price": 3_000}],
                "restitutions": {"Refund": {"value": 3_100}},
            },
        ]
    },
    "storePreferencesData": {"countryCode": "BRA", "currencyCode": "BRL", "currencyFormatInfo": {"CurrencyDecimalDigits": 2}},
}

MERCADO_LIBRE: Payload = {
    "id": 2000003508419013,
    "status": "paid",
    "pack_id": 2000003508553677,
    "date_created": "2026-04-08T17:01:30.000-04:00",
    "last_updated": "2026-04-08T17:05:42.000-04:00",
    "currency_id": "ARS",
    "total_amount": 129.95,
    "paid_amount": 150.45,
    "buyer": {"id": 266272126, "nickname": "CANARY"},
    "tags": ["not_delivered", "paid"],
    "taxes": {"amount": None},
    "order_items": [
        {"item": {"id": "MLA635", "title": "Item", "seller_sku": "SKU-1"}, "quantity": 5, "unit_price": 25.99, "sale_fee": 4.18},
    ],
    "payments": [
        {
            "id": 4792155710,
            "status": "approved",
            "transaction_amount": 129.95,
            "shipping_cost": 20.5,
            "transaction_amount_refunded": 0,
            "date_approved": "2026-04-08T17:01:31.000-04:00",
        },
        {"id": 4792155709, "status": "rejected", "transaction_amount": 129.95, "shipping_cost": 20.5, "date_approved": None},
    ],
}

EBAY: Payload = {
    "orderId": "23-06912-76210",
    "creationDate": "2026-04-11T03:23:27.000Z",
    "lastModifiedDate": "2026-04-13T21:42:11.000Z",
    "orderPaymentStatus": "PAID",
    "buyer": {"username": "canary_buyer"},
    "cancelStatus": {"cancelState": "NONE_REQUESTED"},
    "pricingSummary": {
        "priceSubtotal": {"value": "80.00", "currency": "USD"},
        "priceDiscount": {"value": "-8.0", "currency": "USD"},
        "deliveryCost": {"value": "12.99", "currency": "USD"},
        "total": {"value": "84.99", "currency": "USD"},
    },
    "paymentSummary": {
        "payments": [
            {
                "paymentMethod": "EBAY",
                "paymentReferenceId": "13004",
                "paymentDate": "2026-04-11T03:23:28.000Z",
                "paymentStatus": "PAID",
                "amount": {"value": "84.99", "currency": "USD"},
            }
        ],
        "refunds": [
            {
                "refundId": "50",
                "refundReferenceId": "5000",
                "refundStatus": "REFUNDED",
                "refundDate": "2026-04-20T10:00:00.000Z",
                "amount": {"value": "10.00", "currency": "USD"},
            }
        ],
    },
    "fulfillmentStartInstructions": [
        {"shippingStep": {"shipTo": {"contactAddress": {"countryCode": "US", "stateOrProvince": "CA", "postalCode": "95125"}}}}
    ],
    "lineItems": [
        {
            "lineItemId": "9405",
            "legacyItemId": "1102",
            "title": "Shoes",
            "quantity": 2,
            "lineItemCost": {"value": "50.00", "currency": "USD"},
            "lineItemFulfillmentStatus": "FULFILLED",
            "ebayCollectAndRemitTaxes": [{"taxType": "STATE_SALES_TAX", "amount": {"value": "4.50", "currency": "USD"}}],
        },
        {
            "lineItemId": "9406",
            "legacyItemId": "1103",
            "title": "Laces",
            "quantity": 1,
            "lineItemCost": {"value": "30.00", "currency": "USD"},
            "lineItemFulfillmentStatus": "NOT_STARTED",
        },
    ],
    "totalMarketplaceFee": {"value": "9.21", "currency": "USD"},
}

EBAY_NOTIFICATION: Payload = {
    "metadata": {"topic": "ORDER_CONFIRMATION", "schemaVersion": "1.0"},
    "notification": {
        "notificationId": "n-1",
        "publishAttemptCount": 1,
        "data": {"order": {"orderId": "23-06912-76210", "orderLineItems": [{"orderLineItemId": "9405"}]}},
    },
}

EBAY_DELETION: Payload = {
    "metadata": {"topic": "MARKETPLACE_ACCOUNT_DELETION", "schemaVersion": "1.0", "deprecated": False},
    "notification": {
        "notificationId": "49feeaeb-4982-42d9-a377-9645b8479411_33f7e043-fed8-442b-9d44-791923bd9a6d",
        "eventDate": "2026-04-19T20:43:59.462Z",
        "publishAttemptCount": 1,
        "data": {
            "username": "lucia_prueba",
            "userId": "ma8vp1jySJC",
            "eiasToken": "nY+sHZ2PrBmdj6wVnY+sEZ2PrA2dj6wJnY+gAZGEpwmdj6x9nY+seQ==",
        },
    },
}

BIGCOMMERCE: Payload = {
    "id": 218,
    "customer_id": 11,
    "status_id": 2,
    "date_created": "Thu, 09 Apr 2026 16:07:58 +0000",
    "date_modified": "Fri, 10 Apr 2026 08:00:00 +0000",
    "currency_code": "USD",
    "total_inc_tax": "59.4000",
    "shipping_cost_ex_tax": "5.0000",
    "shipping_cost_inc_tax": "5.4000",
    "shipping_cost_tax": "0.4000",
    "discount_amount": "0.0000",
    "coupon_discount": "0.0000",
    "refunded_amount": "0.0000",
    "gift_certificate_amount": "0.0000",
    "store_credit_amount": "0.0000",
    "payment_method": "Test Payment Gateway",
    "payment_provider_id": "pp_1",
    "payment_status": "captured",
    "billing_address": {"first_name": "Canary", "country_iso2": "US", "state": "Texas", "zip": "78726"},
    "products": [
        {
            "id": 15,
            "product_id": 81,
            "sku": "SM13",
            "name": "Can",
            "quantity": 2,
            "quantity_shipped": 1,
            "total_ex_tax": "50.0000",
            "total_inc_tax": "54.0000",
            "total_tax": "4.0000",
        }
    ],
}

BIGCOMMERCE_WEBHOOK: Payload = {
    "store_id": "1025646",
    "producer": "stores/abcde",
    "scope": "store/order/created",
    "data": {"type": "order", "id": 218},
    "hash": "352e",
    "created_at": 1561479335,
}

SHIPSTATION: Payload = {
    "orders": [
        {
            "orderId": 987654321,
            "orderNumber": "T-1",
            "orderDate": "2026-06-29T08:46:27.0000000",
            "paymentDate": "2026-06-29T08:46:27.0000000",
            "modifyDate": "2026-06-29T09:02:00.0000000",
            "orderStatus": "awaiting_shipment",
            "customerId": 37701499,
            "shipTo": {"name": "Canary", "state": "TX", "country": "US", "postalCode": "78703"},
            "orderTotal": 214.98,
            "amountPaid": 214.98,
            "taxAmount": 5.0,
            "shippingAmount": 10.0,
            "paymentMethod": "Credit Card",
            "items": [
                {
                    "orderItemId": 1,
                    "sku": "ABC",
                    "name": "Cooler",
                    "quantity": 2,
                    "unitPrice": 99.99,
                    "taxAmount": 5.0,
                    "adjustment": False,
                },
                {"orderItemId": 2, "sku": None, "name": "Coupon", "quantity": 1, "unitPrice": -10.0, "taxAmount": None, "adjustment": True},
                {"orderItemId": 3, "sku": "DEF", "name": "Ice", "quantity": 1, "unitPrice": 10.0, "taxAmount": None, "adjustment": False},
            ],
        }
    ],
    "total": 1,
    "page": 1,
    "pages": 1,
}

SHIPSTATION_SHIPMENTS: Payload = {
    "shipments": [
        {
            "shipmentId": 33974374,
            "orderId": 987654321,
            "createDate": "2026-07-01T23:30:00.0000000",
            "shipmentCost": 2.35,
            "insuranceCost": 0,
            "carrierCode": "stamps_com",
            "voided": False,
            "isReturnLabel": False,
            "shipmentItems": [{"orderItemId": 1, "quantity": 2}, {"orderItemId": 3, "quantity": 1}],
        }
    ],
}

SALESFORCE: Payload = {
    "Id": "1Os5e000000001AAA",
    "AccountId": "0015e000000001AAA",
    "OrderNumber": "00000101",
    "OrderedDate": "2026-01-05T10:00:00.000+0000",
    "LastModifiedDate": "2026-01-07T10:00:00.000+0000",
    "Status": "Created",
    "CurrencyIsoCode": "USD",
    "GrandTotalAmount": 102.6,
    "ShippingCountryCode": "US",
    "OrderItemSummaries": {
        "records": [
            {"Id": "10u1", "TypeCode": "Product", "StockKeepingUnit": "S1", "Quantity": 2.0, "UnitPrice": 50.0,
             "TotalLineAdjustmentAmount": -5.0, "TotalAdjustmentDistAmount": -5.0, "TotalTaxAmount": 7.2},
            {"Id": "10u2", "TypeCode": "Charge", "Quantity": 1.0, "UnitPrice": 5.0, "TotalTaxAmount": 0.4},
        ]
    },
    "OrderPaymentSummaries": {
        "records": [{"Id": "0aP1", "Type": "CardPaymentMethod", "Method": "Visa", "CapturedAmount": 102.6, "RefundedAmount": 0.0}]
    },
    "FulfillmentOrders": {
        "records": [
            {"Id": "0a31", "Status": "Fulfilled", "LastModifiedDate": "2026-01-07T09:00:00.000+0000",
             "FulfillmentOrderLineItems": {"records": [{"OrderItemSummaryId": "10u1", "Quantity": 2.0}]}}
        ]
    },
}  # fmt: skip

SALESFORCE_EVENT: Payload = {
    "schema": "x",
    "payload": {"CreatedDate": 1629, "OrderSummaryId": "1Os5e000000001AAA", "EventUuid": "e-1"},
    "event": {"replayId": 7},
}

ZOHO: Payload = {
    "salesorder": {
        "salesorder_id": "4815000000044895",
        "salesorder_number": "SO-00003",
        "date": "2026-05-28",
        "last_modified_time": "2026-05-29T19:50:55+0530",
        "status": "confirmed",
        "currency_code": "INR",
        "price_precision": 2,
        "is_inclusive_tax": False,
        "customer_id": "4815000000044080",
        "discount_type": "entity_level",
        "discount_amount": 10.0,
        "shipping_charge": 7.5,
        "adjustment": -0.01,
        "tax_total": 40.1,
        "total": 371.59,
        "line_items": [
            {"line_item_id": "L1", "item_id": "I1", "sku": "s1", "name": "Bags", "rate": 167, "quantity": 2, "item_total": 334,
             "tax_name": "IGST", "tax_percentage": 12, "quantity_shipped": 1},
        ],
    }
}  # fmt: skip

ODOO_LINE: Payload = {
    "uuid": "line-1", "product_id": 6, "qty": 2, "price_unit": 5.0, "price_subtotal": 8.26, "price_subtotal_incl": 10.0,
    "full_product_name": "Coffee", "discount": 0,
}  # fmt: skip
ODOO: Payload = {
    "uuid": "8d5f2d6e-0a3e-4f6e-9a64-2f4a1b0f0001",
    "pos_reference": "Order 00001-001-0001",
    "config_id": 3,
    "date_order": "2026-10-03 10:29:31",
    "amount_total": 10.0,
    "amount_return": 10.0,
    "state": "paid",
    "lines": [[0, 0, ODOO_LINE], [0, 0, dict(ODOO_LINE)]],
    "payment_ids": [
        [0, 0, {"uuid": "pay-1", "payment_method_id": 1, "amount": 20.0}],
        [0, 0, {"uuid": "pay-2", "payment_method_id": 1, "amount": -10.0}],
    ],
}

TOMS: Payload = {
    "orderNumber": "W-1001",
    "revision": 3,
    "environment": "production",
    "status": "SHIPPED",
    "createdAt": 1767607200000,
    "currency": "JPY",
    "currencyDecimals": 0,
    "salesChannel": "WEB",
    "customerNumber": "C77",
    "taxIncluded": True,
    "orderTotal": 5_900,
    "chargeTotal": 500,
    "lines": [
        {
            "lineNumber": "1",
            "itemId": "A-1",
            "orderedQuantity": 2,
            "unitPrice": 3_000,
            "lineDiscount": 100,
            "taxes": [{"jurisdiction": "JP", "code": "CT10", "percent": 10, "taxable": 5_364, "amount": 536}],
        }
    ],
    "charges": [{"kind": "FREIGHT", "amount": 500}],
    "promotions": [{"code": "SPRING", "amount": -500}],
    "payments": [{"id": "P1", "state": "CAPTURED", "method": "CARD", "processor": "Acme Pay", "amount": 5_900, "at": 1767607260000}],
    "shipments": [{"id": "S1", "shippedAt": 1767693600000, "node": "osaka", "lines": [{"lineNumber": "1", "quantity": 2, "cost": "1200"}]}],
    "returns": [
        {"id": "R1", "receivedAt": 1767780000000, "node": "osaka", "lines": [{"lineNumber": "1", "quantity": 1, "condition": "GOOD"}]}
    ],
    "refunds": [
        {
            "id": "F1",
            "returnId": "R1",
            "at": 1767783600000,
            "amount": -2_700,
            "paymentId": "P1",
            "method": "CARD",
            "processor": "Acme Pay",
            "state": "DONE",
            "lines": [{"lineNumber": "1", "quantity": 1, "scope": "SHIPPED"}],
        }
    ],
}
